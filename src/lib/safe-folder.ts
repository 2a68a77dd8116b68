import { chmodSync, lstatSync, mkdirSync, type Stats, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { BackflipError } from '../domain/errors.ts'

const WRITABLE_BY_OTHERS = 0o022

/**
 * Makes the folder (mode 0700, parents too) unless it is there, and refuses one that somebody else could have written into.
 * Error `unsafe-state-folder` (kind `refused`): a symlink, not a folder, another owner, or writable by group or world.
 */
export function ensurePrivateFolder(path: string): void {
  if (isPrivateFolder(path)) return
  mkdirSync(path, { recursive: true, mode: 0o700 })
  // A umask may take bits away from us, and somebody may have been faster: look again instead of believing.
  if (isPrivateFolder(path)) chmodSync(path, 0o700)
}

/** As above. One that is made here says to git that nothing in it is committed: by default it lies beside the configuration, in somebody's checkout. */
export function ensureUncommittedFolder(path: string): void {
  if (isPrivateFolder(path)) return
  ensurePrivateFolder(path)
  writeFileSync(join(path, '.gitignore'), '*\n', { mode: 0o600 })
}

/** False when there is none; error `unsafe-state-folder` as above. Changes nothing. */
export function isPrivateFolder(path: string): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (found === undefined) return false
  const problem = problemOf(found)
  if (problem === null) return true
  throw new BackflipError(`${path} cannot be trusted: ${problem}`, {
    code: 'unsafe-state-folder',
    kind: 'refused',
    hint: `look at what is in it, then: chmod go-w ${path} (or name another folder)`,
  })
}

function problemOf(found: Stats): string | null {
  if (found.isSymbolicLink()) return 'it is a symbolic link'
  if (!found.isDirectory()) return 'it is not a folder'
  const own = process.geteuid?.()
  if (own !== undefined && found.uid !== own) return `it belongs to user ${found.uid}, and we are ${own}`
  if ((found.mode & WRITABLE_BY_OTHERS) !== 0)
    return `others can write into it (mode ${(found.mode & 0o777).toString(8)})`
  return null
}
