import { BackflipError } from '../../domain/errors.ts'

const MAX_NAME_BYTES = 1_024
const MAX_PART_BYTES = 255
const MAX_DEPTH = 32

/** The parts of a name that stays within its folder. Error `bad-archive` for everything else. */
export function assertName(name: string): readonly string[] {
  const refuse = (what: string) =>
    new BackflipError(`the archive holds ${JSON.stringify(name.slice(0, 100))}: ${what}`, {
      code: 'bad-archive',
      kind: 'failed',
    })
  if (Buffer.byteLength(name) > MAX_NAME_BYTES) throw refuse('its name is too long')
  if (name.startsWith('/')) throw refuse('an absolute path')
  if (name.includes('\\') || /\p{Cc}/u.test(name) || name.includes('\uFFFD'))
    throw refuse('a character that no name of ours has')
  const parts = name.replace(/^\.\//, '').replace(/\/$/, '').split('/')
  if (parts.length > MAX_DEPTH) throw refuse('it is too deep')
  for (const part of parts) {
    if (part === '' || part === '.' || part === '..')
      throw refuse('a path that leaves its folder, or has an empty part')
    if (Buffer.byteLength(part) > MAX_PART_BYTES) throw refuse('its name is too long')
  }
  return parts
}

/** No name twice, also not in another case: on another file system it would be the same file. */
export class NameSet {
  readonly #files = new Set<string>()
  readonly #folders = new Set<string>()

  add(parts: readonly string[], isFolder: boolean): void {
    const key = parts.join('/').normalize('NFC').toLowerCase()
    const taken = this.#files.has(key) || (this.#folders.has(key) && !isFolder)
    if (taken)
      throw new BackflipError(`the archive holds ${JSON.stringify(parts.join('/'))} twice`, {
        code: 'bad-archive',
        kind: 'failed',
      })
    if (isFolder) this.#folders.add(key)
    else this.#files.add(key)
  }
}
