import { BackflipError, usageError } from '../../domain/errors.ts'
import { quote } from '../../domain/ids.ts'
import { isIncusError } from './errors.ts'
import { type Container, runInContainer } from './run-in-container.ts'
import { systemError } from './system-errors.ts'

const DEFAULT_BYTES = 4 * 1024 * 1024
/** socat would give up by itself half a second after the question's end; the limit around it is ours. */
const PATIENCE_SECONDS = 3_600
/** What socat takes and writes at once: an answer of HAProxy's comes whole, or it is lost whole. */
const BLOCK_BYTES = 128 * 1024
const TRIES = 4

/**
 * One question to a unix socket in the container, through socat there. What a program says just before it ends can be lost (exec.ts): when
 * nothing came back it is asked again, unless silence is an answer. Errors as from a socket of this host, so that who asks need not know: `socket-timeout`, and
 * `socket-failed` with the reason's code in its cause. A daemon that cannot be reached is no answer about the socket; a container that is stopped is
 * one: nobody listens in it.
 */
export async function askContainerSocket(
  container: Container,
  path: string,
  request: string,
  ask: { readonly timeoutMs: number; readonly maxBytes?: number; readonly canBeSilent?: boolean },
): Promise<string> {
  // What socat reads as part of its address language.
  if (!/^\/[A-Za-z0-9._/@+-]+$/.test(path)) {
    throw usageError(`${quote(path)} cannot be a socket in a container: letters, digits and . _ / @ + - only`, {
      code: 'bad-container-path',
    })
  }
  const maxBytes = ask.maxBytes ?? DEFAULT_BYTES
  const argv = ['socat', '-b', String(BLOCK_BYTES), '-t', String(PATIENCE_SECONDS), '-', `UNIX-CONNECT:${path}`]
  try {
    for (let tries = 1; ; tries += 1) {
      const { exitCode, stdout, stderr } = await runInContainer(container, argv, {
        timeoutMs: ask.timeoutMs,
        stdin: request,
        maxOutputBytes: maxBytes + 1,
      })
      if (stdout.length > maxBytes) throw new Error(`more than ${maxBytes} bytes`)
      if (exitCode === 0 && (stdout.length > 0 || ask.canBeSilent === true)) return stdout.toString('utf8')
      const complaint = stderr.toString('utf8')
      if (complaint !== '' || tries === TRIES) throw systemError(complaint)
    }
  } catch (cause) {
    throw failure(container, path, ask.timeoutMs, cause)
  }
}

function failure({ instance }: Container, path: string, timeoutMs: number, cause: unknown): BackflipError {
  const where = `${path} in ${instance}`
  if (isIncusError(cause, 'command-timeout')) {
    return new BackflipError(`${where} did not answer within ${timeoutMs} ms`, {
      code: 'socket-timeout',
      kind: 'person',
      hint: 'look at what should listen there: backflip doctor',
    })
  }
  const isStopped = isIncusError(cause, 'incus-stopped')
  return new BackflipError(`${where} cannot be asked`, {
    code: 'socket-failed',
    kind: 'failed',
    cause: isStopped ? Object.assign(new Error(`${instance} does not run`), { code: 'ECONNREFUSED' }) : cause,
    ...(isStopped ? { hint: `incus start ${instance}` } : {}),
  })
}
