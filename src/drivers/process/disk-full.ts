import { BackflipError } from '../../domain/errors.ts'

/** The kernel's "no room" in our words; null for every other error. */
export function diskFull(error: unknown): BackflipError | null {
  const { code, path } = error as NodeJS.ErrnoException
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return null
  return new BackflipError(`there is no room left${path === undefined ? '' : ` for ${path}`}`, {
    code: 'disk-full',
    kind: 'failed',
    hint: 'make room, then: backflip resume',
    cause: error,
  })
}
