import { BackflipError, usageError } from '../../domain/errors.ts'
import { quote } from '../../domain/ids.ts'
import { isIncusError } from './errors.ts'
import { type Container, runInContainer } from './run-in-container.ts'
import { systemError } from './system-errors.ts'

const DEFAULT_BYTES = 4 * 1024 * 1024
/** socat would give up by itself half a second after the question's end; the limit around it is ours. */
const PATIENCE_SECONDS = 3_600
/** What the kernel takes as one variable (execve(2), MAX_ARG_STRLEN), with room for its name. */
const REQUEST_BYTES = 120 * 1024
const VARIABLE = 'BACKFLIP_REQUEST'
/** Prints the variable, in socat's address language: without a dollar, a comma or double quotes. Debian's busybox has awk and no printenv. */
const SAY = `awk 'BEGIN{for(n in ENVIRON)if(n~/^${VARIABLE}/)print ENVIRON[n]}'`

/**
 * One question to a unix socket in the container, through socat there. The question travels as a variable and not as input, because the answer
 * to a program with input can be lost (exec.ts). Errors as from a socket of this host, so that who asks need not know:
 * `socket-timeout`, and `socket-failed` with the reason's code in its cause. A daemon that cannot be reached is no answer about the socket; a
 * container that is stopped is one: nobody listens in it.
 */
export async function askContainerSocket(
  container: Container,
  path: string,
  request: string,
  ask: { readonly timeoutMs: number; readonly maxBytes?: number },
): Promise<string> {
  // What socat reads as part of its address language.
  if (!/^\/[A-Za-z0-9._/@+-]+$/.test(path)) {
    throw usageError(`${quote(path)} cannot be a socket in a container: letters, digits and . _ / @ + - only`, {
      code: 'bad-container-path',
    })
  }
  const maxBytes = ask.maxBytes ?? DEFAULT_BYTES
  const text = lineOf(request)
  const argv = ['socat', '-t', String(PATIENCE_SECONDS), `EXEC:${SAY}!!STDOUT`, `UNIX-CONNECT:${path}`]
  try {
    const { exitCode, stdout, stderr } = await runInContainer(container, argv, {
      timeoutMs: ask.timeoutMs,
      environment: { [VARIABLE]: text },
      maxOutputBytes: maxBytes + 1,
    })
    if (stdout.length > maxBytes) throw new Error(`more than ${maxBytes} bytes`)
    if (exitCode !== 0) throw systemError(stderr.toString('utf8'))
    return stdout.toString('utf8')
  } catch (cause) {
    throw failure(container, path, ask.timeoutMs, cause)
  }
}

/** awk ends what it prints with a line break. */
function lineOf(request: string): string {
  if (request.endsWith('\n') && !request.includes('\0') && Buffer.byteLength(request) <= REQUEST_BYTES)
    return request.slice(0, -1)
  throw usageError(`a socket in a container is asked in whole lines, with at most ${REQUEST_BYTES} bytes`, {
    code: 'bad-socket-request',
  })
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
