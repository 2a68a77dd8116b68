import { usageError } from '../domain/errors.ts'

/** What a person decides is written down with why. */
export function requireReason(options: { readonly [name: string]: unknown }, hint: string): string {
  const reason = reasonOf(options)
  if (reason !== null) return reason
  throw usageError('a reason is needed: it is kept in the history', {
    code: 'no-reason',
    place: { flag: '--reason' },
    hint,
  })
}

export function reasonOf(options: { readonly [name: string]: unknown }): string | null {
  const { reason } = options as { readonly reason?: string }
  if (reason === undefined) return null
  const said = oneLine(reason)
  return said === '' ? null : said
}

/** What a person typed, to be shown to others: without the control characters that would move their cursor or break a line of the history. */
export function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim()
}
