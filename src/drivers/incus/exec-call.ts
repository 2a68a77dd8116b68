import { BackflipError } from '../../domain/errors.ts'
import type { Answer, IncusClient } from './client.ts'
import { isIncusError } from './errors.ts'
import { pathOf } from './instances.ts'
import type { InstanceName } from './names.ts'
import type { Ended } from './operations.ts'

export const DEFAULT_OUTPUT_BYTES = 1024 * 1024

export interface ExecAsk {
  /** argv; Incus starts it without a shell, as root, in `/root`, with a plain PATH. */
  readonly argv: readonly string[]
  /** Default: nothing, closed at once. */
  readonly stdin?: Input
  readonly timeoutMs: number
  /** Of each stream; what comes after is dropped. Default 1 MiB. */
  readonly maxOutputBytes?: number
  readonly environment?: { readonly [name: string]: string }
  readonly cwd?: string
  readonly user?: number
}

export type Input = Uint8Array | string | Feed | Talk

/** Gives the process its input in parts, each taken before the next is asked for. What it throws ends the process and is thrown on. */
export type Feed = (send: (bytes: Uint8Array) => Promise<void>) => Promise<void>

/** The input stays open until all that the process has printed ends with `until`. */
export interface Talk {
  readonly text: string
  readonly until: string
}

export interface ExecResult {
  /** 128 and the signal's number when one ended it. 127 and 126 also when the program is not there or cannot be run: Incus does not tell. */
  readonly exitCode: number
  readonly stdout: Buffer
  readonly stderr: Buffer
}

/** Error `incus-not-understood` when nothing is started by it. */
export async function beginExec(
  client: IncusClient,
  name: InstanceName,
  { argv, environment = {}, cwd, user }: ExecAsk,
  how: { readonly 'wait-for-websocket': true } | { readonly 'wait-for-websocket': false; 'record-output': true },
): Promise<Extract<Answer, { type: 'async' }>> {
  const what = whatOf(name, argv)
  const answer = await client.call({
    method: 'POST',
    path: `${pathOf(name)}/exec`,
    body: {
      command: argv,
      environment,
      interactive: false,
      ...how,
      ...(cwd === undefined ? {} : { cwd }),
      ...(user === undefined ? {} : { user }),
    },
    what,
  })
  if (answer.type === 'async') return answer
  throw notUnderstood(what)
}

export function whatOf(name: InstanceName, argv: readonly string[]): string {
  return `run ${argv[0] ?? ''} in ${name}`
}

export function notUnderstood(what: string): BackflipError {
  return new BackflipError(`Incus does not say how to speak with it: ${what}`, {
    code: 'incus-not-understood',
    kind: 'failed',
  })
}

/**
 * A process that ends with 127 or 126 makes the operation fail, as if it had not been found or could not be run, also when it said so itself:
 * then there is no `view`.
 */
export async function exitOf(
  operation: Promise<Ended>,
  what: string,
): Promise<{ readonly exitCode: number; readonly view: unknown }> {
  try {
    const ended = await operation
    const view = ended === 'vanished' ? undefined : ended.metadata
    const code = (view as { readonly return?: number } | null | undefined)?.return
    if (typeof code === 'number') return { exitCode: code, view }
  } catch (error) {
    if (!isIncusError(error, 'incus-no-command')) throw error
    return { exitCode: /not found/.test(String(error.cause)) ? 127 : 126, view: null }
  }
  throw new BackflipError(`Incus does not say how it ended: ${what}`, { code: 'incus-lost', kind: 'failed' })
}

export function timedOut({ argv, timeoutMs }: ExecAsk, stderr: Buffer): BackflipError {
  return new BackflipError(`${argv[0] ?? ''} took longer than ${timeoutMs} ms`, {
    code: 'command-timeout',
    kind: 'failed',
    details: stderr.toString('utf8').trimEnd().split('\n').slice(-10),
  })
}
