import type { BindMessage } from './messages.ts'

/** Longer values make no better example. */
const MAX_VALUE_BYTES = 1_024

/**
 * Parameters as text; null when one is too long, or is binary and of a type that is not read here. Which type a binary one has is known only when
 * the client said so itself.
 */
export function readParameters(
  values: BindMessage['values'],
  types: readonly number[],
): readonly (string | null)[] | null {
  const read: (string | null)[] = []
  for (const [index, { bytes, isBinary }] of values.entries()) {
    if (bytes === null) {
      read.push(null)
      continue
    }
    if (bytes.length > MAX_VALUE_BYTES) return null
    const text = isBinary ? fromBinary(bytes, types[index] ?? 0) : bytes.toString('utf8')
    if (text === null || text.includes('\0')) return null
    read.push(text)
  }
  return read
}

/** By the object ids of pg_type.dat, which never change. */
function fromBinary(bytes: Buffer, type: number): string | null {
  switch (type) {
    case 16:
      return bytes[0] === 1 ? 't' : 'f'
    case 21:
      return bytes.length === 2 ? String(bytes.readInt16BE()) : null
    case 23:
    case 26:
      return bytes.length === 4 ? String(bytes.readInt32BE()) : null
    case 20:
      return bytes.length === 8 ? String(bytes.readBigInt64BE()) : null
    case 700:
      return bytes.length === 4 ? String(bytes.readFloatBE()) : null
    case 701:
      return bytes.length === 8 ? String(bytes.readDoubleBE()) : null
    case 18:
    case 19:
    case 25:
    case 114:
    case 1042:
    case 1043:
      return bytes.toString('utf8')
    case 2950: {
      const hex = bytes.toString('hex')
      return hex.length === 32 ? hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-') : null
    }
    case 17:
      return `\\x${bytes.toString('hex')}`
    default:
      return null
  }
}
