import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { writeFileAtomic } from '../../lib/atomic-file.ts'
import type { ShadowHistory } from '../../ports/shadow.ts'

export interface DataNote {
  /** `18.6`. */
  readonly postgres: string
  readonly problems: ShadowHistory['problems']
}

/** Data folders of PGlite with a history applied, as files that are kept between runs. */
export interface DataFolders {
  readonly noteOf: (key: string) => DataNote | null
  readonly read: (key: string) => Uint8Array
  readonly write: (key: string, data: Uint8Array, note: DataNote) => Promise<void>
}

/** 48 MB as tar, 4 MB so. */
const FAST = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }
const MAX_BYTES = 1024 * 1024 * 1024
const MAX_KEPT = 8
const NOTE = '.json'
const DATA = '.tar.zst'

export function dataFoldersIn(folder: string): DataFolders {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const path = (key: string, ending: string) => join(folder, key + ending)
  return {
    // Written last: where it is, the data is whole.
    noteOf(key) {
      const file = path(key, NOTE)
      return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as DataNote) : null
    },
    read(key) {
      const now = new Date()
      utimesSync(path(key, NOTE), now, now)
      return zstdDecompressSync(readFileSync(path(key, DATA)), { maxOutputLength: MAX_BYTES })
    },
    async write(key, data, note) {
      await writeFileAtomic(path(key, DATA), zstdCompressSync(data, FAST))
      await writeFileAtomic(path(key, NOTE), JSON.stringify(note))
      removeOldest(folder)
    },
  }
}

/** By when they were last used. */
function removeOldest(folder: string): void {
  const keys = readdirSync(folder).flatMap((name) => (name.endsWith(NOTE) ? [name.slice(0, -NOTE.length)] : []))
  const used = (key: string) => statSync(join(folder, key + NOTE)).mtimeMs
  for (const key of keys.toSorted((a, b) => used(b) - used(a)).slice(MAX_KEPT))
    for (const ending of [NOTE, DATA]) rmSync(join(folder, key + ending), { force: true })
}
