import { BackflipError } from '../../domain/errors.ts'
import type { IncusClient } from './client.ts'
import { isIncusError } from './errors.ts'
import { pathOf } from './instances.ts'
import type { InstanceName } from './names.ts'
import { awaitOperation, type Ended } from './operations.ts'
import { type Channel, openChannel } from './websocket.ts'

const DEFAULT_OUTPUT_BYTES = 1024 * 1024
const KILL = JSON.stringify({ command: 'signal', signal: 9 })
/** For a process that was killed to be reported as ended. */
const END_LIMIT_MS = 5_000

export interface ExecAsk {
  /** argv; Incus starts it without a shell, as root, in `/root`, with a plain PATH. */
  readonly argv: readonly string[]
  /** Default: nothing, closed at once. */
  readonly stdin?: Uint8Array | string | Feed
  readonly timeoutMs: number
  /** Of each stream; what comes after is dropped. Default 1 MiB. */
  readonly maxOutputBytes?: number
  readonly environment?: { readonly [name: string]: string }
  readonly cwd?: string
  readonly user?: number
}

/** Gives the process its input in parts, each taken before the next is asked for. What it throws ends the process and is thrown on. */
export type Feed = (send: (bytes: Uint8Array) => Promise<void>) => Promise<void>

export interface ExecResult {
  /** 128 and the signal's number when one ended it. 127 and 126 also when the program is not there or cannot be run: Incus does not tell. */
  readonly exitCode: number
  readonly stdout: Buffer
  readonly stderr: Buffer
}

/**
 * Runs a program in a running instance: one call, three channels, one wait. Errors: `incus-stopped`, `incus-not-found`; `command-timeout` after
 * the limit, when the process itself has been killed (not what it started: give it a leader that does so, as `timeout` is).
 */
export async function execute(client: IncusClient, name: InstanceName, ask: ExecAsk): Promise<ExecResult> {
  const what = `run ${ask.argv[0] ?? ''} in ${name}`
  const begun = performance.now()
  const { operation, secrets } = await startExec(client, name, ask, what)
  const open = (fd: string) => openChannel(client, operation, secrets[fd] ?? '')
  const ended = exitOf(awaitOperation(client, operation, { what, limitMs: ask.timeoutMs + END_LIMIT_MS }), what)
  // Looked at below; until then a failure has to have somebody who listens.
  ended.catch(() => undefined)
  const timer = new AbortController()
  const late = expire(ask.timeoutMs - (performance.now() - begun), timer.signal)
  let channels: readonly Channel[] = []
  try {
    channels = await orFailed(Promise.all(['0', '1', '2'].map(open)), ended)
    const [input, ...outputs] = channels
    if (input === undefined) throw new Error('three channels were opened')
    const maxBytes = ask.maxOutputBytes ?? DEFAULT_OUTPUT_BYTES
    const texts = Promise.all(outputs.map((channel) => channel.read(maxBytes)))
    const fed = feed(input, ask.stdin ?? '')
    const first = await Promise.race([ended, late, fed.failure])
    if (first === 'late' || first instanceof Unfed) await kill(client, operation, secrets, ended)
    const [stdout, stderr] = await endOf(texts, channels)
    if (first instanceof Unfed) throw first.cause
    if (first === 'late') throw timedOut(ask, stderr ?? Buffer.alloc(0))
    // It may say that all went well without having had all.
    if (first === 0 && !(await fed.isWhole())) throw cutOff(what)
    return { exitCode: first, stdout: stdout ?? Buffer.alloc(0), stderr: stderr ?? Buffer.alloc(0) }
  } finally {
    timer.abort()
    for (const channel of channels) channel.close()
  }
}

async function startExec(client: IncusClient, name: InstanceName, ask: ExecAsk, what: string) {
  const answer = await client.call({
    method: 'POST',
    path: `${pathOf(name)}/exec`,
    body: {
      command: ask.argv,
      environment: ask.environment ?? {},
      'wait-for-websocket': true,
      interactive: false,
      ...(ask.cwd === undefined ? {} : { cwd: ask.cwd }),
      ...(ask.user === undefined ? {} : { user: ask.user }),
    },
    what,
  })
  const view = answer.metadata as { readonly metadata?: { readonly fds?: { readonly [fd: string]: string } } } | null
  const secrets = view?.metadata?.fds
  if (answer.type !== 'async' || secrets === undefined) {
    throw new BackflipError(`Incus does not say how to speak with it: ${what}`, {
      code: 'incus-not-understood',
      kind: 'failed',
    })
  }
  return { operation: answer.operation, secrets }
}

class Unfed {
  readonly cause: unknown
  constructor(cause: unknown) {
    this.cause = cause
  }
}

interface Fed {
  /** Comes only when the feed itself fails. */
  readonly failure: Promise<Unfed>
  /** Whether the process was sent all there is: not when it or the connection ended first. */
  readonly isWhole: () => Promise<boolean>
}

function feed(input: Channel, stdin: Uint8Array | string | Feed): Fed {
  if (typeof stdin !== 'function') {
    input.write(stdin)
    return { failure: new Promise(() => undefined), isWhole: async () => true }
  }
  let isHeard = true
  const sending = stdin(async (bytes) => {
    isHeard = isHeard && (await input.send(bytes))
  })
  const failure = new Promise<Unfed>((resolve) => {
    sending.then(
      () => input.end(),
      (error: unknown) => resolve(new Unfed(error)),
    )
  })
  return { failure, isWhole: () => sending.then(() => isHeard) }
}

function cutOff(what: string): BackflipError {
  return new BackflipError(`it ended before it had all of its input: ${what}`, { code: 'incus-lost', kind: 'failed' })
}

/** When the operation fails at once no channel opens, and its own reason is the better one. */
async function orFailed(channels: Promise<readonly Channel[]>, ended: Promise<number>): Promise<readonly Channel[]> {
  try {
    return await channels
  } catch (error) {
    await ended
    throw error
  }
}

function expire(ms: number, signal: AbortSignal): Promise<'late'> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve('late'), Math.max(0, ms))
    signal.addEventListener('abort', () => clearTimeout(timer))
  })
}

async function kill(
  client: IncusClient,
  operation: string,
  secrets: { readonly [fd: string]: string },
  ended: Promise<number>,
): Promise<void> {
  const control = await openChannel(client, operation, secrets.control ?? '')
  control.tell(KILL)
  await Promise.race([ended.catch(() => undefined), expire(END_LIMIT_MS, AbortSignal.timeout(2 * END_LIMIT_MS))])
  control.close()
}

/** The process is gone: what it wrote has been sent. A child of its own may hold the stream open for ever, and is not waited for. */
async function endOf(texts: Promise<readonly Buffer[]>, channels: readonly Channel[]): Promise<readonly Buffer[]> {
  const timer = setTimeout(() => {
    for (const channel of channels) channel.close()
  }, END_LIMIT_MS)
  try {
    return await texts
  } finally {
    clearTimeout(timer)
  }
}

/** A process that ends with 127 or 126 makes the operation fail, as if it had not been found or could not be run, also when it said so itself. */
async function exitOf(operation: Promise<Ended>, what: string): Promise<number> {
  try {
    const ended = await operation
    const code = ended === 'vanished' ? undefined : (ended.metadata as { readonly return?: number } | null)?.return
    if (typeof code === 'number') return code
  } catch (error) {
    if (isIncusError(error, 'incus-no-command')) return /not found/.test(String(error.cause)) ? 127 : 126
    throw error
  }
  throw new BackflipError(`Incus does not say how it ended: ${what}`, { code: 'incus-lost', kind: 'failed' })
}

function timedOut({ argv, timeoutMs }: ExecAsk, stderr: Buffer): BackflipError {
  return new BackflipError(`${argv[0] ?? ''} took longer than ${timeoutMs} ms`, {
    code: 'command-timeout',
    kind: 'failed',
    details: stderr.toString('utf8').trimEnd().split('\n').slice(-10),
  })
}
