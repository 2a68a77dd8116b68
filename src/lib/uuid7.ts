import { randomBytes } from 'node:crypto'

/**
 * A UUID of version 7 (RFC 9562 §5.7): milliseconds first, so ids sort by time of making. `crypto.randomUUIDv7` is not in every Node 24.
 *
 * With `after` it sorts behind that one, also when the clock was set back in between (RFC 9562 §6.2): where the order matters, it must not
 * depend on a clock.
 */
export function uuid7(nowMs: number = Date.now(), after: string | null = null): string {
  const bytes = randomBytes(16)
  bytes.writeUIntBE(after === null ? nowMs : Math.max(nowMs, millisecondsOf(after) + 1), 0, 6)
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f)
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f)
  const hex = bytes.toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

function millisecondsOf(uuid: string): number {
  return Number.parseInt(uuid.slice(0, 8) + uuid.slice(9, 13), 16)
}
