import { accessSync, constants, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The clone's root folder. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** Where daemons live on Debian; the PATH of a person who is not root often lacks them. */
const SYSTEM_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/libexec/incus']
/** Debian keeps each version of PostgreSQL in a folder of its own that is in nobody's PATH. */
const POSTGRES_FOLDER = '/usr/lib/postgresql'

/** The folder with the `node` that tools/node-runtime brings. npm 9 (Debian 12) does not link it into `.bin`. */
export const NODE_FOLDER = join(ROOT, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin')

/** PATH for tasks: our own binaries first, so that `node` is Node 24 in every child. */
export function taskPath() {
  const known = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '')
  const own = join(ROOT, 'node_modules', '.bin')
  return [...new Set([own, NODE_FOLDER, ...known, ...SYSTEM_FOLDERS, ...postgresFolders()])].join(delimiter)
}

/** Newest version first. */
function postgresFolders() {
  try {
    const versions = readdirSync(POSTGRES_FOLDER).filter((name) => /^\d+$/.test(name))
    return versions.sort((a, b) => Number(b) - Number(a)).map((version) => join(POSTGRES_FOLDER, version, 'bin'))
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return []
    throw error
  }
}

/** The program's full path, or null. */
export function findProgram(name) {
  return (
    taskPath()
      .split(delimiter)
      .map((folder) => join(folder, name))
      .find(isExecutable) ?? null
  )
}

export function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'EACCES' || error.code === 'ENOTDIR') return false
    throw error
  }
}
