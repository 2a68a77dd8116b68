import { BackflipError } from '../../domain/errors.ts'
import type { IncusClient } from './client.ts'
import {
  beginExec,
  DEFAULT_OUTPUT_BYTES,
  type ExecAsk,
  type ExecResult,
  exitOf,
  type Input,
  notUnderstood,
  timedOut,
  whatOf,
} from './exec-call.ts'
import type { InstanceName } from './names.ts'
import { awaitOperation } from './operations.ts'
import { type Channel, openChannel } from './websocket.ts'

const KILL = JSON.stringify({ command: 'signal', signal: 9 })
/** For a process that was killed to be reported as ended. */
const END_LIMIT_MS = 5_000

/** One call, three channels, one wait. */
export async function executeStreamed(
  client: IncusClient,
  name: InstanceName,
  ask: ExecAsk & { readonly stdin: Input },
): Promise<ExecResult> {
  const what = whatOf(name, ask.argv)
  const begun = performance.now()
  const { operation, metadata } = await beginExec(client, name, ask, { 'wait-for-websocket': true })
  const secrets = secretsOf(metadata, what)
  const open = (fd: string) => openChannel(client, operation, secrets[fd] ?? '')
  const ended = exitOf(awaitOperation(client, operation, { what, limitMs: ask.timeoutMs + END_LIMIT_MS }), what)
  // Looked at below; until then a failure has to have somebody who listens.
  ended.catch(() => undefined)
  const timer = new AbortController()
  const late = expire(ask.timeoutMs - (performance.now() - begun), timer.signal)
  let channels: readonly Channel[] = []
  try {
    channels = await orFailed(Promise.all(['0', '1', '2'].map(open)), ended)
    const [input, output, errors] = channels
    if (input === undefined || output === undefined || errors === undefined) throw new Error('three were opened')
    const maxBytes = ask.maxOutputBytes ?? DEFAULT_OUTPUT_BYTES
    const texts = Promise.all([output, errors].map((channel) => channel.read(maxBytes)))
    const fed = feed(input, output, ask.stdin)
    const first = await Promise.race([ended, late, fed.failure])
    if (first === 'late' || first instanceof Unfed) await kill(client, operation, secrets, ended)
    const [stdout, stderr] = await endOf(texts, channels)
    if (first instanceof Unfed) throw first.cause
    if (first === 'late') throw timedOut(ask, stderr ?? Buffer.alloc(0))
    // It may say that all went well without having had all.
    if (first.exitCode === 0 && !(await fed.isWhole())) throw cutOff(what)
    return { exitCode: first.exitCode, stdout: stdout ?? Buffer.alloc(0), stderr: stderr ?? Buffer.alloc(0) }
  } finally {
    timer.abort()
    for (const channel of channels) channel.close()
  }
}

function secretsOf(metadata: unknown, what: string): { readonly [fd: string]: string } {
  const view = metadata as { readonly metadata?: { readonly fds?: { readonly [fd: string]: string } } } | null
  const secrets = view?.metadata?.fds
  if (secrets === undefined) throw notUnderstood(what)
  return secrets
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

const WHOLE: Fed = { failure: new Promise(() => undefined), isWhole: async () => true }

function feed(input: Channel, output: Channel, stdin: Input): Fed {
  if (typeof stdin === 'string' || stdin instanceof Uint8Array) {
    input.write(stdin)
    return WHOLE
  }
  if (typeof stdin === 'object') {
    input.say(stdin.text)
    void output.endsWith(stdin.until).then(() => input.end())
    return WHOLE
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
async function orFailed(channels: Promise<readonly Channel[]>, ended: Promise<unknown>): Promise<readonly Channel[]> {
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
  ended: Promise<unknown>,
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
