import { BackflipError } from '../../domain/errors.ts'
import type { Call, IncusClient } from './client.ts'
import { incusError, isIncusError } from './errors.ts'

/** One look at `wait` lasts at most this long, so that a dead connection is noticed. */
const SLICE_SECONDS = 30
/** For the answer to travel, beyond what the daemon waits. */
const GRACE_MS = 5_000
const RUNNING = new Set([100, 103, 104, 105, 110, 111])

/** How an awaited call ended. `vanished`: it ended more than five seconds ago, nobody knows how; look at the object. */
export type Ended = { readonly metadata: unknown } | 'vanished'

interface OperationView {
  readonly status_code: number
  readonly err?: string
  readonly metadata?: unknown
}

/**
 * Makes a call and waits for its operation, if it starts one. Errors: those of the first reply and those of the operation, alike;
 * `incus-timeout` when it still runs after `limitMs`, which says nothing about how it will end.
 */
export async function perform(client: IncusClient, call: Call & { readonly limitMs: number }): Promise<Ended> {
  const answer = await client.call(call)
  if (answer.type === 'sync') return { metadata: answer.metadata }
  return awaitOperation(client, answer.operation, {
    what: call.what ?? `${call.method} ${call.path}`,
    limitMs: call.limitMs,
  })
}

/** `perform` for callers who look at the object afterwards anyway. */
export async function performed(client: IncusClient, call: Call & { readonly limitMs: number }): Promise<void> {
  await perform(client, call)
}

export async function awaitOperation(
  client: IncusClient,
  operation: string,
  { what, limitMs }: { readonly what: string; readonly limitMs: number },
): Promise<Ended> {
  const path = operationPath(operation)
  const begun = performance.now()
  for (;;) {
    const leftMs = limitMs - (performance.now() - begun)
    const seconds = Math.max(1, Math.min(SLICE_SECONDS, Math.ceil(leftMs / 1000)))
    const ended = await waitOnce(client, path, what, seconds)
    if (ended !== null) return ended
    if (performance.now() - begun >= limitMs) throw late(what, limitMs)
  }
}

/** Null while it runs. `wait` says "context deadline exceeded" both for its own end and for an operation that failed so: the view decides. */
async function waitOnce(client: IncusClient, path: string, what: string, seconds: number): Promise<Ended | null> {
  try {
    const query = { timeout: String(seconds) }
    const timeoutMs = seconds * 1000 + GRACE_MS
    const answer = await client.call({ method: 'GET', path: `${path}/wait`, query, timeoutMs, what })
    return readView(answer.metadata as OperationView, what)
  } catch (error) {
    if (isIncusError(error, 'incus-not-found')) return 'vanished'
    if (!isIncusError(error, 'incus-failed')) throw error
    const view = await viewOperation(client, path)
    if (view === null) throw error
    return readView(view, what)
  }
}

async function viewOperation(client: IncusClient, path: string): Promise<OperationView | null> {
  try {
    const answer = await client.call({ method: 'GET', path })
    return answer.metadata as OperationView
  } catch (error) {
    if (isIncusError(error, 'incus-not-found')) return null
    throw error
  }
}

function readView(view: OperationView, what: string): Ended | null {
  if (RUNNING.has(view.status_code)) return null
  if (view.status_code === 200) return { metadata: view.metadata ?? null }
  throw incusError(what, view.status_code, view.err ?? `the operation ended with status ${view.status_code}`)
}

function late(what: string, limitMs: number): BackflipError {
  return new BackflipError(`Incus still works on it after ${limitMs} ms: ${what}`, {
    code: 'incus-timeout',
    kind: 'failed',
    hint: 'incus operation list',
  })
}

/** `/1.0/operations/<uuid>?project=x` as Incus gives it, without what `pathOf` adds. */
export function operationPath(operation: string): string {
  const found = /^\/1\.0(\/operations\/[0-9a-f-]{36})/.exec(operation)?.[1]
  if (found !== undefined) return found
  throw new BackflipError('Incus named an operation in a way that we do not know', {
    code: 'incus-not-understood',
    kind: 'failed',
  })
}
