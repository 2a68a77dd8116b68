import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { BackflipError } from '../../domain/errors.ts'
import type { RecorderAsk, Recording, StatementRecorder } from '../../ports/statement-recorder.ts'
import { listenIn } from './listen-in.ts'

const MAX_CONNECTIONS = 500
/** SSLRequest and GSSENCRequest: what is encrypted nobody can listen to, so the client is told that there is none. */
const ASKS_FOR_ENCRYPTION = [80_877_103, 80_877_104]
const REQUEST_BYTES = 8
/** A start-up message of the protocol has at most 10,000 bytes (MAX_STARTUP_PACKET_LENGTH). */
const MAX_STARTUP_BYTES = 10_000

/** A proxy for PostgreSQL's protocol that hands on every byte but the request for encryption. */
export const recordingProxy: StatementRecorder = {
  async start(ask) {
    const sockets = new Set<Socket>()
    const counts = { connections: 0, lost: 0 }
    const server = createServer({ allowHalfOpen: true }, (client) => {
      counts.connections += 1
      serve(client, ask, sockets, () => (counts.lost += 1))
    })
    server.maxConnections = MAX_CONNECTIONS
    await listen(server, ask)
    const address = server.address()
    return {
      port: typeof address === 'object' && address !== null ? address.port : 0,
      counts: () => ({ ...counts }),
      close: () => close(server, sockets),
    } satisfies Recording
  },
}

async function listen(server: Server, { listen: { host, port } }: RecorderAsk): Promise<void> {
  try {
    server.listen(port, host)
    await once(server, 'listening')
  } catch (cause) {
    throw new BackflipError(`cannot listen at ${host}:${port}`, {
      code: 'recorder-failed',
      kind: 'failed',
      hint: '--listen 127.0.0.1:0 takes any free port',
      cause,
    })
  }
}

async function close(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  for (const socket of sockets) socket.destroy()
  await closed
}

function serve(client: Socket, { to, onQuery }: RecorderAsk, sockets: Set<Socket>, lost: () => void): void {
  const upstream = connect('socket' in to ? { path: to.socket } : to)
  for (const socket of [client, upstream]) {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  }
  // One side gone is both gone: neither the app nor the server waits for us.
  client.on('error', () => upstream.destroy())
  upstream.on('error', () => client.destroy())
  client.on('close', () => upstream.destroy())
  upstream.on('close', () => client.destroy())
  upstream.pipe(client)
  const hear = listenIn(onQuery)
  let isFollowed = true
  afterStartup(client, upstream, (chunk) => {
    if (!isFollowed) return
    isFollowed = hear(chunk)
    if (!isFollowed) lost()
  })
}

/** Answers requests for encryption itself, hands the start-up message on, and everything behind it to both. */
function afterStartup(client: Socket, upstream: Socket, hear: (chunk: Buffer) => void): void {
  let start = Buffer.alloc(0)
  const onData = (chunk: Buffer) => {
    start = Buffer.concat([start, chunk])
    while (start.length >= REQUEST_BYTES && ASKS_FOR_ENCRYPTION.includes(start.readInt32BE(4))) {
      client.write('N')
      start = start.subarray(REQUEST_BYTES)
    }
    if (start.length < 4) return
    const length = start.readInt32BE(0)
    if (start.length < length && length <= MAX_STARTUP_BYTES) return
    client.off('data', onData)
    client.pause()
    upstream.write(start)
    const behind = start.subarray(Math.max(0, length))
    if (behind.length > 0) hear(behind)
    client.on('data', hear)
    client.pipe(upstream)
  }
  client.on('data', onData)
}
