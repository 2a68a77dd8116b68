import type { Agent } from 'node:http'
import { BackflipError } from '../../domain/errors.ts'
import { type IncusPlace, incusAgent, placeName } from './connection.ts'
import { connectionError, incusError } from './errors.ts'
import type { ProjectName } from './names.ts'
import { exchange, type HttpAsk, type HttpReply } from './request.ts'

const TIMEOUT_MS = 15_000
const JSON_BYTES = 16 * 1024 * 1024

export interface Call {
  readonly method: HttpAsk['method']
  /** Below `/1.0`, without a query, as `/instances/blue`. */
  readonly path: string
  readonly query?: { readonly [name: string]: string }
  /** Sent as JSON, or as they are when bytes. */
  readonly body?: unknown
  readonly headers?: { readonly [name: string]: string | number }
  readonly timeoutMs?: number
  /** Of the answer; default 16 MiB. */
  readonly maxBytes?: number
  /** What is asked, for an error: `start backend-blue`. Default: method and path. */
  readonly what?: string
}

/** The first of the three shapes of a reply, or the second; the third is thrown (research/incus.md §4.2). */
export type Answer =
  | { readonly type: 'sync'; readonly metadata: unknown; readonly etag: string | null }
  | { readonly type: 'async'; readonly operation: string; readonly metadata: unknown }

/** One daemon and one project of it, named on every call. Connections are kept; `close` ends them. */
export interface IncusClient {
  readonly project: ProjectName
  /** Where the daemon is, for people. */
  readonly where: string
  readonly agent: Agent
  /** Throws what Incus refuses as `incus-…` errors, and what never reached it as `incus-down` or `incus-lost`. */
  call(call: Call): Promise<Answer>
  /** For files and logs: whatever status comes back, unread. */
  raw(call: Call): Promise<HttpReply>
  /** Path with the project, for a websocket. */
  pathOf(call: Pick<Call, 'path' | 'query'>): string
  close(): void
}

export function incusClient(ask: { readonly place: IncusPlace; readonly project: ProjectName }): IncusClient {
  const { place, project } = ask
  const agent = incusAgent(place)
  const where = placeName(place)
  const pathOf = ({ path, query = {} }: Pick<Call, 'path' | 'query'>) =>
    `/1.0${path}?${new URLSearchParams({ project, ...query }).toString()}`
  const raw = async (call: Call): Promise<HttpReply> => {
    try {
      return await exchange(agent, toHttp(call, pathOf(call)))
    } catch (error) {
      throw connectionError(where, error)
    }
  }
  return {
    project,
    where,
    agent,
    raw,
    pathOf,
    call: async (call) => readAnswer(call, await raw(call)),
    close: () => agent.destroy(),
  }
}

function toHttp({ method, headers, body, timeoutMs, maxBytes }: Call, path: string): HttpAsk {
  const isBytes = body instanceof Uint8Array
  const type = isBytes ? 'application/octet-stream' : 'application/json'
  return {
    method,
    path,
    headers: { ...(body === undefined ? {} : { 'content-type': type }), ...headers },
    ...(body === undefined ? {} : { body: isBytes ? body : JSON.stringify(body) }),
    timeoutMs: timeoutMs ?? TIMEOUT_MS,
    maxBytes: maxBytes ?? JSON_BYTES,
  }
}

/** The body decides, not the status: `wait` answers a failure with 200 (research/incus.md §4.3). */
export function readAnswer(call: Call, { status, headers, body }: HttpReply): Answer {
  const what = call.what ?? `${call.method} ${call.path}`
  const reply = parseReply(what, status, body)
  if (reply.type === 'error') throw incusError(what, reply.error_code ?? status, reply.error ?? `status ${status}`)
  if (reply.type === 'async' && typeof reply.operation === 'string')
    return { type: 'async', operation: reply.operation, metadata: reply.metadata }
  if (reply.type === 'sync') return { type: 'sync', metadata: reply.metadata, etag: headers.etag ?? null }
  throw notIncus(what, status)
}

interface Reply {
  readonly type?: string
  readonly metadata?: unknown
  readonly operation?: string
  readonly error?: string
  readonly error_code?: number
}

function parseReply(what: string, status: number, body: Buffer): Reply {
  try {
    const reply: unknown = JSON.parse(body.toString('utf8'))
    if (typeof reply === 'object' && reply !== null) return reply
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  throw notIncus(what, status)
}

function notIncus(what: string, status: number): BackflipError {
  return new BackflipError(
    `what answers is not Incus: ${what} came back with status ${status} and no reply of its API`,
    {
      code: 'incus-not-understood',
      kind: 'failed',
    },
  )
}
