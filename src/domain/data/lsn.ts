import { BackflipError } from '../errors.ts'

/** A place in PostgreSQL's write-ahead log, as `16/B374D848`: the upper and the lower 32 bits in hex. */
export type Lsn = string & { readonly __brand: 'Lsn' }

const LSN = /^([0-9A-Fa-f]{1,8})\/([0-9A-Fa-f]{1,8})$/

export function parseLsn(text: string): Lsn {
  if (LSN.test(text)) return text.toUpperCase() as Lsn
  throw new BackflipError(`${JSON.stringify(text)} is not a place in the write-ahead log`, {
    code: 'bad-lsn',
    kind: 'failed',
  })
}

/** Bytes of log between two places; negative when `to` is before `from`. Exact up to 2^53 bytes, which no log reaches. */
export function walBytesBetween(from: Lsn, to: Lsn): number {
  return Number(position(to) - position(from))
}

function position(lsn: Lsn): bigint {
  const [high = '0', low = '0'] = lsn.split('/')
  return (BigInt(`0x${high}`) << 32n) + BigInt(`0x${low}`)
}
