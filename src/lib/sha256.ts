import { hash } from 'node:crypto'

/** 64 lower-case hex digits; text is hashed as UTF-8. */
export function sha256Hex(bytes: Uint8Array | string): string {
  return hash('sha256', bytes, 'hex')
}
