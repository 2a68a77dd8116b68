import { connect } from 'node:net'
import { BackflipError } from '../domain/errors.ts'

/**
 * One HTTP/1.1 GET on a connection of its own. Over node:net, because node:http costs more to load than Node takes to start, and a
 * fast rollback is one process (issue tracker of Node: startup; measured in docs/decisions/0006-start-up.md).
 */
export interface HttpAnswer {
  readonly status: number
  /** Names in lower case; of repeated ones the last. */
  readonly headers: { readonly [name: string]: string }
  readonly body: string
}

export interface HttpAsk {
  readonly url: string
  readonly headers?: { readonly [name: string]: string }
  /** For the whole exchange. */
  readonly timeoutMs: number
  /** Of the whole answer. Default 256 KiB. */
  readonly maxBytes?: number
}

const DEFAULT_BYTES = 256 * 1024
const MAX_HEAD_BYTES = 32 * 1024
const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/

/** Errors: `http-failed` (refused, reset, malformed), `http-timeout`, `http-too-large`; all of kind `failed`. */
export async function httpGet(ask: HttpAsk): Promise<HttpAnswer> {
  const url = new URL(ask.url)
  if (url.protocol === 'https:') return (await import('./https-get.ts')).httpsGet(ask)
  if (url.protocol !== 'http:') throw failed(`${url.protocol} is not a protocol we speak`)
  const request = formatRequest(url, ask.headers ?? {})
  const raw = await exchange(url, request, ask.timeoutMs, ask.maxBytes ?? DEFAULT_BYTES)
  return parseAnswer(raw)
}

function formatRequest(url: URL, headers: { readonly [name: string]: string }): string {
  const lines = [`GET ${url.pathname}${url.search} HTTP/1.1`]
  const all: { readonly [name: string]: string } = {
    host: url.host,
    accept: '*/*',
    'user-agent': 'backflip',
    ...headers,
    connection: 'close',
  }
  for (const [name, value] of Object.entries(all)) {
    if (!HEADER_NAME.test(name) || /[\r\n\0]/.test(value))
      throw failed(`${JSON.stringify(name)} cannot be sent as a header`)
    lines.push(`${name}: ${value}`)
  }
  return `${lines.join('\r\n')}\r\n\r\n`
}

function exchange(url: URL, request: string, timeoutMs: number, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const host = url.hostname.replace(/^\[|\]$/g, '')
    const socket = connect({ host, port: Number(url.port || '80') })
    const chunks: Buffer[] = []
    let size = 0
    const timer = setTimeout(
      () => end(new BackflipError(`no answer within ${timeoutMs} ms`, { code: 'http-timeout', kind: 'failed' })),
      timeoutMs,
    )
    const end = (error: Error | null) => {
      clearTimeout(timer)
      socket.destroy()
      if (error === null) resolve(Buffer.concat(chunks))
      else reject(error)
    }
    socket.on('connect', () => socket.write(request))
    socket.on('data', (chunk: Buffer) => {
      size += chunk.length
      chunks.push(chunk)
      if (size > maxBytes)
        end(new BackflipError(`the answer has more than ${maxBytes} bytes`, { code: 'http-too-large', kind: 'failed' }))
      else if (isComplete(chunks)) end(null)
    })
    socket.on('end', () => end(null))
    socket.on('error', (cause) => end(failed((cause as NodeJS.ErrnoException).code ?? 'the connection failed', cause)))
  })
}

/** Saves the wait for the other side's close; the parser decides what the answer is. */
function isComplete(chunks: readonly Buffer[]): boolean {
  const raw = Buffer.concat(chunks)
  const end = raw.indexOf('\r\n\r\n')
  if (end === -1) return raw.length > MAX_HEAD_BYTES
  const head = raw.toString('latin1', 0, end)
  const length = /\r\ncontent-length:[ \t]*(\d{1,15})[ \t]*(?:\r\n|$)/i.exec(head)?.[1]
  return length !== undefined && raw.length >= end + 4 + Number(length)
}

function parseAnswer(raw: Buffer): HttpAnswer {
  const end = raw.indexOf('\r\n\r\n')
  if (end === -1 || end > MAX_HEAD_BYTES)
    throw failed(raw.length === 0 ? 'the connection was closed without an answer' : 'the answer has no complete head')
  const [first = '', ...lines] = raw.toString('latin1', 0, end).split('\r\n')
  const status = /^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(first)?.[1]
  if (status === undefined) throw failed('the answer does not begin like HTTP/1.1')
  const headers: Record<string, string> = Object.create(null) as Record<string, string>
  for (const line of lines) {
    const colon = line.indexOf(':')
    if (colon < 1) throw failed('a header of the answer has no name')
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim()
  }
  return { status: Number(status), headers, body: readBody(raw.subarray(end + 4), headers).toString('utf8') }
}

function readBody(rest: Buffer, headers: { readonly [name: string]: string }): Buffer {
  if (headers['transfer-encoding']?.toLowerCase() === 'chunked') return readChunks(rest)
  const length = headers['content-length']
  if (length === undefined) return rest
  if (!/^\d{1,15}$/.test(length)) throw failed('the answer has an impossible length')
  if (rest.length < Number(length)) throw failed(`the answer was cut off after ${rest.length} of ${length} bytes`)
  return rest.subarray(0, Number(length))
}

function readChunks(rest: Buffer): Buffer {
  const chunks: Buffer[] = []
  for (let at = 0; ; ) {
    const line = rest.indexOf('\r\n', at)
    const size = line === -1 ? undefined : /^([0-9a-f]{1,8})(?:;.*)?$/i.exec(rest.toString('latin1', at, line))?.[1]
    if (size === undefined) throw failed('the answer was cut off, or a chunk of it has an impossible size')
    const from = line + 2
    const bytes = Number.parseInt(size, 16)
    if (bytes === 0) return Buffer.concat(chunks)
    if (rest.length < from + bytes + 2) throw failed('the answer was cut off within a chunk')
    chunks.push(rest.subarray(from, from + bytes))
    at = from + bytes + 2
  }
}

function failed(message: string, cause?: unknown): BackflipError {
  return new BackflipError(message, { code: 'http-failed', kind: 'failed', cause })
}
