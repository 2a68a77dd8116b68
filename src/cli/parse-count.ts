import { usageError } from '../domain/errors.ts'

/** A whole number from 1 to `max`. */
export function parseCount(text: string, flag: string, max: number): number {
  const count = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  if (count >= 1 && count <= max) return count
  throw usageError(`${JSON.stringify(text)} is not a whole number from 1 to ${max}`, {
    code: 'bad-number',
    place: { flag },
  })
}
