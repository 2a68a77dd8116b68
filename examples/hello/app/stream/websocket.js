import { createHash } from 'node:crypto'
import { release } from '../shared/release.js'
import { CLOSE, frame, PING, PONG, readFrames, TEXT } from './frames.js'

/** RFC 6455 §1.3: proves that the server understood the handshake. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
const GOING_AWAY = 1001

const open = new Set()

/** A websocket on /ws: answers each text with the text and who answers, pings with pongs, a close with a close. */
export function openSocket(request, socket, head) {
  const key = request.headers['sec-websocket-key']
  if (new URL(request.url, 'http://app').pathname !== '/ws' || key === undefined) {
    socket.end('HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n')
    return
  }
  const accept = createHash('sha1')
    .update(key + GUID)
    .digest('base64')
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: ${accept}\r\n\r\n`,
  )
  open.add(socket)
  socket.once('close', () => open.delete(socket))
  socket.on('error', () => socket.destroy())
  const onData = readFrames(
    (kind, payload) => answer(socket, kind, payload),
    () => socket.destroy(),
  )
  if (head.length > 0) onData(head)
  socket.on('data', onData)
}

function answer(socket, kind, payload) {
  if (kind === TEXT) socket.write(frame(TEXT, JSON.stringify({ ...release, echo: payload.toString('utf8') })))
  else if (kind === PING) socket.write(frame(PONG, payload))
  else if (kind === CLOSE) socket.end(frame(CLOSE, payload))
}

export function closeAllSockets() {
  const code = Buffer.alloc(2)
  code.writeUInt16BE(GOING_AWAY)
  for (const socket of open) socket.end(frame(CLOSE, code))
}
