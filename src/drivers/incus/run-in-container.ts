import { BackflipError } from '../../domain/errors.ts'
import type { IncusClient } from './client.ts'
import { execute } from './exec.ts'
import type { ExecResult, Input } from './exec-call.ts'
import type { InstanceName } from './names.ts'

export interface Container {
  readonly client: IncusClient
  readonly instance: InstanceName
}

export interface RunAsk {
  readonly timeoutMs: number
  readonly maxOutputBytes?: number
  /** With input the last words of the program may be missing, unless it is a `Talk` (exec.ts); its end is always known. */
  readonly stdin?: Input
}

/** What the daemon gets beyond the command's own time: a busy host starts a process late. */
const GRACE_MS = 3_000
const KILLED = 128 + 9
/** English words, for `systemError`. */
const ENVIRONMENT = { LC_ALL: 'C' }

/**
 * One command under `timeout`, which leads a process group of its own and ends it in the container itself, also when we, the daemon or the
 * connection between are gone (busybox' ends the command only, not what it started). Errors as the port says: `command-failed`,
 * `command-timeout`.
 */
export async function runInContainer(
  { client, instance }: Container,
  argv: readonly string[],
  ask: RunAsk,
): Promise<ExecResult> {
  const begun = performance.now()
  const result = await execute(client, instance, {
    argv: ['timeout', '-s', 'KILL', (ask.timeoutMs / 1000).toFixed(3), ...argv],
    ...(ask.stdin === undefined ? {} : { stdin: ask.stdin }),
    ...(ask.maxOutputBytes === undefined ? {} : { maxOutputBytes: ask.maxOutputBytes }),
    timeoutMs: ask.timeoutMs + GRACE_MS,
    environment: ENVIRONMENT,
  })
  const stderr = result.stderr.toString('utf8')
  if (result.exitCode === KILLED && performance.now() - begun >= ask.timeoutMs) throw timedOut(argv, ask, stderr)
  const isMissing = result.exitCode === 127 || result.exitCode === 126
  if (isMissing && stderr.startsWith('timeout: ')) throw cannotRun(argv[0] ?? '', instance, new Error(stderr.trim()))
  return result
}

function cannotRun(program: string, instance: InstanceName, cause: unknown): BackflipError {
  return new BackflipError(`${program} cannot be run in ${instance}`, {
    code: 'command-failed',
    kind: 'failed',
    hint: `incus exec ${instance} -- which ${program}`,
    cause,
  })
}

function timedOut(argv: readonly string[], { timeoutMs }: RunAsk, stderr: string): BackflipError {
  return new BackflipError(`${argv[0] ?? ''} took longer than ${timeoutMs} ms`, {
    code: 'command-timeout',
    kind: 'failed',
    details: stderr.trimEnd().split('\n').slice(-10),
  })
}
