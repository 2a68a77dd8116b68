import { WebSocket } from 'ws'
import type { IncusClient } from './client.ts'
import { connectionError } from './errors.ts'
import { operationPath } from './operations.ts'

const CONNECT_LIMIT_MS = 10_000
const FRAME_BYTES = 64 * 1024 * 1024
/** The longest text that an end is compared with. */
const TAIL_BYTES = 256

/** One stream of an operation. Bytes travel in binary frames; an empty text frame is the end of a stream (research/incus.md §4.6). */
export interface Channel {
  /** Sends the bytes and ends the stream. */
  write(bytes: Uint8Array | string): void
  /** Sends a part, and resolves when the kernel has it: false when the channel is closed and nobody gets it. */
  send(bytes: Uint8Array): Promise<boolean>
  /** Sends the text; the stream goes on. */
  say(text: string): void
  /** Ends a stream that goes on. */
  end(): void
  /** A word for the control channel. */
  tell(text: string): void
  /** All that comes until the stream ends or the channel closes; after `maxBytes` dropped. */
  read(maxBytes: number): Promise<Buffer>
  /** Once all that came so far ends with the text; never when it does not. */
  endsWith(text: string): Promise<void>
  close(): void
}

/** Over the client's own way to the daemon: its socket, or TLS with the pinned certificate. */
export async function openChannel(client: IncusClient, operation: string, secret: string): Promise<Channel> {
  const path = client.pathOf({ path: `${operationPath(operation)}/websocket`, query: { secret } })
  const socket = new WebSocket(`ws://incus${path}`, {
    agent: client.agent,
    handshakeTimeout: CONNECT_LIMIT_MS,
    maxPayload: FRAME_BYTES,
    perMessageDeflate: false,
  })
  const incoming = collect(socket)
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('error', (cause) => reject(connectionError(client.where, cause)))
  })
  return {
    write(bytes) {
      const data = Buffer.from(bytes)
      if (data.length > 0) socket.send(data, { binary: true })
      socket.send('', { binary: false })
    },
    send: (bytes) => new Promise((done) => socket.send(bytes, { binary: true }, (error) => done(error == null))),
    end: () => socket.send('', { binary: false }, () => undefined),
    tell: (text) => socket.send(text, { binary: false }),
    say: (text) => socket.send(Buffer.from(text), { binary: true }),
    ...incoming,
    close: () => socket.close(),
  }
}

/** Listens from the start: frames may come with the handshake. A connection that breaks ends the stream; how the process ended says the rest. */
function collect(socket: WebSocket): Pick<Channel, 'read' | 'endsWith'> {
  const chunks: Buffer[] = []
  let kept = 0
  let limit = Number.POSITIVE_INFINITY
  let tail = Buffer.alloc(0)
  let [mark, onMark] = [null as Buffer | null, () => {}]
  const look = () => {
    if (mark !== null && tail.subarray(-mark.length).equals(mark)) onMark()
  }
  const ended = new Promise<void>((resolve) => {
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (!isBinary) return resolve()
      const part = data.subarray(0, Math.max(0, limit - kept))
      kept += part.length
      if (part.length > 0) chunks.push(part)
      tail = Buffer.concat([tail, data.subarray(-TAIL_BYTES)]).subarray(-TAIL_BYTES)
      look()
    })
    socket.on('close', () => resolve())
    socket.on('error', () => resolve())
  })
  return {
    async read(maxBytes) {
      limit = maxBytes
      await ended
      return Buffer.concat(chunks).subarray(0, maxBytes)
    },
    endsWith: (text) =>
      new Promise((resolve) => {
        mark = Buffer.from(text)
        onMark = resolve
        look()
      }),
  }
}
