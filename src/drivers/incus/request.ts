import { type Agent, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http'
import { BackflipError } from '../../domain/errors.ts'

export interface HttpAsk {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly headers?: { readonly [name: string]: string | number }
  readonly body?: Uint8Array | string
  /** For the whole exchange. */
  readonly timeoutMs: number
  readonly maxBytes: number
}

export interface HttpReply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** As many as the pool may keep, and one. */
const MAX_TRIES = 9

/**
 * One bounded exchange. A GET on a kept connection that turns out to be dead is asked again: the daemon may have been restarted since, and every
 * connection that was kept is dead then. Anything else is not repeated, because nobody knows whether it was heard.
 */
export async function exchange(agent: Agent, ask: HttpAsk): Promise<HttpReply> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await once(agent, ask)
    } catch (error) {
      if (ask.method !== 'GET' || tries >= MAX_TRIES || !(error instanceof StaleConnection)) throw error
    }
  }
}

/** A connection from the pool that broke before anything was answered. */
class StaleConnection extends Error {
  readonly code = 'ECONNRESET'
}

function once(agent: Agent, ask: HttpAsk): Promise<HttpReply> {
  const body = ask.body === undefined ? undefined : Buffer.from(ask.body)
  return new Promise((resolve, reject) => {
    const outgoing = request({
      agent,
      method: ask.method,
      path: ask.path,
      headers: { host: 'incus', ...ask.headers, ...(body === undefined ? {} : { 'content-length': body.length }) },
    })
    const timer = setTimeout(() => outgoing.destroy(late(ask)), ask.timeoutMs)
    outgoing.on('close', () => clearTimeout(timer))
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      const isStale = outgoing.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE')
      reject(isStale ? new StaleConnection(error.message, { cause: error }) : error)
    })
    outgoing.on('response', (incoming) => {
      collect(incoming, ask).then((bytes) => {
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: bytes })
      }, reject)
    })
    outgoing.end(body)
  })
}

async function collect(incoming: IncomingMessage, { method, path, maxBytes }: HttpAsk): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > maxBytes) {
      incoming.destroy()
      throw new BackflipError(`${method} ${shown(path)} answers with more than ${maxBytes} bytes`, {
        code: 'incus-too-large',
        kind: 'failed',
      })
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function late({ method, path, timeoutMs }: HttpAsk): BackflipError {
  return new BackflipError(`Incus did not answer ${method} ${shown(path)} within ${timeoutMs} ms`, {
    code: 'incus-timeout',
    kind: 'failed',
    hint: 'incus operation list; is the daemon busy?',
  })
}

/** Without the query: it may hold the secret of a channel. */
function shown(path: string): string {
  return path.split('?')[0] ?? path
}
