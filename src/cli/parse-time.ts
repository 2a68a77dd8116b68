import { usageError } from '../domain/errors.ts'
import { parseDuration } from '../lib/duration.ts'

const ISO = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2}))?$/
const DURATION = /^\d[\d.]*[a-z]+$/

/** `2026-11-25T03:10Z`, `2026-11-25` (its first moment, UTC), or `6h`: so long before `nowMs`. In milliseconds since 1970. Error `bad-time`. */
export function parseTime(text: string, flag: string, nowMs: number): number {
  if (DURATION.test(text)) return nowMs - parseDuration(text, flag)
  const ms = ISO.test(text) ? Date.parse(text) : Number.NaN
  if (!Number.isNaN(ms)) return ms
  throw usageError(`${JSON.stringify(text)} is no time: 2026-11-25T03:10Z, or 6h for six hours ago`, {
    code: 'bad-time',
    place: { flag },
  })
}
