import { BackflipError } from '../domain/errors.ts'

/** The kernel's "no room" in our words; null for every other error. `where` is for errors that name no file: write(2) knows only a number. */
export function diskFull(error: unknown, where?: string): BackflipError | null {
  const { code, path = where } = error as NodeJS.ErrnoException
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return null
  return new BackflipError(`there is no room left${path === undefined ? '' : ` for ${path}`}`, {
    code: 'disk-full',
    kind: 'failed',
    hint: 'make room, then: backflip status',
    cause: error,
  })
}
