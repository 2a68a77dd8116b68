import { usageError } from '../domain/errors.ts'

const UNITS: { readonly [unit: string]: number } = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const MAX_MS = 365 * 86_400_000

/** `500ms`, `30s`, `5m`, `24h`, `7d`, or 0, in milliseconds; at most a year. Error `bad-duration`. */
export function parseDuration(text: string, flag?: string): number {
  const [, digits, unit] = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d)$/.exec(text) ?? []
  const ms = text === '0' ? 0 : Math.round(Number(digits) * (UNITS[unit ?? ''] ?? Number.NaN))
  if (Number.isFinite(ms) && ms <= MAX_MS) return ms
  throw usageError(`${JSON.stringify(text)} is not a duration: a number and ms, s, m, h or d, as in 30s`, {
    code: 'bad-duration',
    ...(flag === undefined ? {} : { place: { flag } }),
  })
}

/** For people: three digits at most that mean something. */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1_000)} s`
  return `${Math.floor(ms / 3_600_000)} h ${Math.round((ms % 3_600_000) / 60_000)} min`
}
