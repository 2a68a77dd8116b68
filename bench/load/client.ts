import { connect, type Socket } from 'node:net'

/**
 * A closed loop of keep-alive connections in a process of its own. Every answer is checked: status, and the color in its body. At the end it is
 * told when each flip began and was acknowledged, and says what went wrong. Times are CLOCK_MONOTONIC, the same in every process.
 */
const [port = '0', connections = '16'] = process.argv.slice(2)
const REQUEST = 'GET /x HTTP/1.1\r\nhost: bench\r\n\r\n'
const MAX_ANSWERS = 4_000_000

export interface FlipTime {
  readonly color: string
  readonly begunMs: number
  readonly ackMs: number
}

const sent = new Float64Array(MAX_ANSWERS)
const done = new Float64Array(MAX_ANSWERS)
const colors = new Uint8Array(MAX_ANSWERS)
let answers = 0
let failed = 0
let reconnects = 0
let running = true
const sockets = new Set<Socket>()

const nowMs = () => Number(process.hrtime.bigint()) / 1e6

function open(): void {
  const socket = connect({ host: '127.0.0.1', port: Number(port), noDelay: true })
  sockets.add(socket)
  let sentAt = 0
  let waiting = false
  let text = ''
  const ask = () => {
    if (!running || answers >= MAX_ANSWERS) {
      socket.end()
      return
    }
    waiting = true
    sentAt = nowMs()
    socket.write(REQUEST)
  }
  socket.on('connect', ask)
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1')
    const end = text.indexOf('\r\n\r\n')
    if (end === -1) return
    const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0)
    if (text.length < end + 4 + length) return
    const body = text.slice(end + 4, end + 4 + length)
    const close = /\r\nconnection: close/i.test(text.slice(0, end + 2))
    const ok = text.startsWith('HTTP/1.1 200') && (body === 'blue' || body === 'green')
    text = ''
    waiting = false
    if (ok) {
      sent[answers] = sentAt
      done[answers] = nowMs()
      colors[answers] = body === 'blue' ? 1 : 2
      answers += 1
    } else failed += 1
    // The server said goodbye properly: that is no failure, and the next request takes another connection.
    if (close) socket.end()
    else ask()
  })
  socket.on('error', () => socket.destroy())
  socket.on('close', () => {
    sockets.delete(socket)
    if (waiting && running) failed += 1
    if (running) {
      reconnects += 1
      setTimeout(open, 1)
    }
  })
}

/** A request sent after a flip was acknowledged, answered by the color from before it, with no newer flip begun meanwhile. */
function countLate(flips: readonly FlipTime[]): number {
  let late = 0
  for (let index = 0; index < answers; index += 1) {
    const color = colors[index] === 1 ? 'blue' : 'green'
    const last = flips.findLastIndex(({ ackMs }) => ackMs <= (sent[index] ?? 0))
    if (last === -1 || flips[last]?.color === color) continue
    const next = flips.slice(last + 1).some((flip) => flip.color === color && flip.begunMs <= (done[index] ?? 0))
    if (!next) late += 1
  }
  return late
}

for (let index = 0; index < Number(connections); index += 1) open()
const report = setInterval(() => process.send?.({ answers, failed }), 100)
process.on('message', (message: { readonly flips: readonly FlipTime[] }) => {
  running = false
  clearInterval(report)
  setTimeout(() => {
    process.send?.({ final: { answers, failed, reconnects, late: countLate(message.flips) } }, () => process.exit(0))
  }, 200)
})
