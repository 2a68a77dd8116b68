/** RFC 6455 §5.2, as much of it as an echo needs: whole frames, at most 64 KiB. */
export const TEXT = 1
export const CLOSE = 8
export const PING = 9
export const PONG = 10

const MAX_BYTES = 65_535
const MASK_BYTES = 4

/** One frame from a server, which never masks. */
export function frame(kind, payload) {
  const body = Buffer.from(payload)
  const isShort = body.length < 126
  const header = Buffer.alloc(isShort ? 2 : 4)
  header[0] = 0x80 | kind
  header[1] = isShort ? body.length : 126
  if (!isShort) header.writeUInt16BE(body.length, 2)
  return Buffer.concat([header, body])
}

/** Takes bytes as they come and calls `onFrame(kind, payload)` for each whole frame; `onBad` for what a client must not send. */
export function readFrames(onFrame, onBad) {
  let rest = Buffer.alloc(0)
  return (chunk) => {
    rest = Buffer.concat([rest, chunk])
    while (rest.length >= 2) {
      const isMasked = (rest[1] & 0x80) !== 0
      const short = rest[1] & 0x7f
      const start = (short === 126 ? 4 : 2) + MASK_BYTES
      if (short === 127 || !isMasked || rest.length > MAX_BYTES + start) return onBad()
      if (rest.length < start) return
      const length = short === 126 ? rest.readUInt16BE(2) : short
      if (rest.length < start + length) return
      const mask = rest.subarray(start - MASK_BYTES, start)
      const payload = Buffer.from(rest.subarray(start, start + length).map((byte, at) => byte ^ mask[at % MASK_BYTES]))
      const kind = rest[0] & 0x0f
      rest = rest.subarray(start + length)
      onFrame(kind, payload)
    }
  }
}
