import { usageError } from '../domain/errors.ts'

/** What a person decides is written down with why. */
export function requireReason(options: { readonly [name: string]: unknown }, hint: string): string {
  const { reason } = options as { readonly reason?: string }
  if (reason !== undefined && reason.trim() !== '') return reason.trim()
  throw usageError('a reason is needed: it is kept in the history', {
    code: 'no-reason',
    place: { flag: '--reason' },
    hint,
  })
}
