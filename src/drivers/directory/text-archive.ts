import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { unpackArchive } from '../../lib/archive/unpack.ts'
import { MAX_MIGRATIONS } from '../../lib/manifest.ts'

/** Each migration may have an inverse, and folders of its own. */
const LIMITS = { totalBytes: 64 * 1024 * 1024, entries: 4 * MAX_MIGRATIONS }

/** The files of a small archive in memory, by their paths. Unpacked below `folder` meanwhile, and nothing stays there. */
export async function readTextArchive(archive: string, folder: string): Promise<ReadonlyMap<string, Uint8Array>> {
  const unpacked = join(folder, randomBytes(8).toString('hex'))
  try {
    await unpackArchive(archive, unpacked, LIMITS)
    const entries = readdirSync(unpacked, { recursive: true, withFileTypes: true }).filter((one) => one.isFile())
    const paths = entries.map((one) => relative(unpacked, join(one.parentPath, one.name)))
    return new Map(paths.map((path) => [path, readFileSync(join(unpacked, path))]))
  } finally {
    await rm(unpacked, { recursive: true, force: true })
  }
}
