import { randomBytes } from 'node:crypto'
import { request } from 'node:http'
import type { Duplex } from 'node:stream'

/** RFC 6455, as much of it as a checker of echoes needs; Node's own client would hide when the bytes came. */
const TEXT = 1
const CLOSE = 8
const PING = 9
const PONG = 10
const LIMIT_MS = 5_000

export interface Websocket {
  /** Sends a text and resolves with the next one. Rejects when the connection ends first or nothing comes within 5 s. */
  readonly ask: (text: string) => Promise<string>
  readonly close: () => void
}

export function openWebsocket(url: URL, path: string, signal: AbortSignal): Promise<Websocket> {
  return new Promise((resolve, reject) => {
    const asking = request({
      host: url.hostname,
      port: url.port,
      path,
      agent: false,
      timeout: LIMIT_MS,
      signal,
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': randomBytes(16).toString('base64'),
      },
    })
    asking.on('upgrade', (_answer, socket, head) => {
      asking.setTimeout(0)
      signal.addEventListener('abort', () => socket.destroy(), { once: true })
      resolve(speak(socket, head))
    })
    asking.on('response', (answer) => {
      answer.resume()
      reject(new Error(`status ${answer.statusCode}`))
    })
    asking.on('timeout', () => asking.destroy(new Error('no answer in time')))
    asking.on('error', reject)
    asking.end()
  })
}

function speak(socket: Duplex, head: Buffer): Websocket {
  let rest: Buffer = Buffer.alloc(0)
  let waiting: { readonly resolve: (text: string) => void; readonly reject: (error: Error) => void } | null = null
  let ended: Error | null = null
  const end = (why: string) => {
    ended ??= new Error(why)
    waiting?.reject(ended)
    socket.destroy()
  }
  const onData = (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk])
    for (let next = firstFrame(rest); next !== null; next = firstFrame(rest)) {
      rest = rest.subarray(next.sizeBytes)
      if (next.kind === TEXT) waiting?.resolve(next.payload.toString('utf8'))
      else if (next.kind === PING) socket.write(masked(PONG, next.payload))
      else if (next.kind === CLOSE) end('closed by the other side')
    }
  }
  socket.on('data', onData)
  socket.on('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message))
  socket.on('close', () => end('ended'))
  if (head.length > 0) onData(head)
  return {
    ask: async (text) => {
      if (ended !== null) throw ended
      const timer = setTimeout(() => end('silent'), LIMIT_MS)
      try {
        return await new Promise<string>((resolve, reject) => {
          waiting = { resolve, reject }
          socket.write(masked(TEXT, Buffer.from(text)))
        })
      } finally {
        clearTimeout(timer)
        waiting = null
      }
    },
    close: () => socket.end(masked(CLOSE, Buffer.from([3, 232]))),
  }
}

function firstFrame(
  bytes: Buffer,
): { readonly kind: number; readonly payload: Buffer; readonly sizeBytes: number } | null {
  if (bytes.length < 2) return null
  const short = (bytes[1] ?? 0) & 0x7f
  const start = short === 126 ? 4 : 2
  if (bytes.length < start) return null
  const length = short === 126 ? bytes.readUInt16BE(2) : short
  if (bytes.length < start + length) return null
  return { kind: (bytes[0] ?? 0) & 0x0f, payload: bytes.subarray(start, start + length), sizeBytes: start + length }
}

/** A client's frame: masked, and here always shorter than 126 bytes. */
function masked(kind: number, payload: Buffer): Buffer {
  const mask = randomBytes(4)
  const body = payload.map((byte, at) => byte ^ (mask[at % 4] ?? 0))
  return Buffer.concat([Buffer.from([0x80 | kind, 0x80 | payload.length]), mask, body])
}
