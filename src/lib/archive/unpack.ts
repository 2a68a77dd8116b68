import { randomBytes } from 'node:crypto'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { syncFolder } from '../atomic-file.ts'
import { type ArchiveEntry, DEFAULT_LIMITS, explainArchive, readArchive, type UnpackLimits } from './read.ts'

/**
 * Unpacks a `.tar.zst` into a folder that does not exist yet: complete or absent. Regular files and folders only; whatever else an archive can
 * hold is refused, as is every name that could leave the folder. Error `bad-archive` (kind `failed`) names the entry or the limit.
 */
export async function unpackArchive(
  archive: string,
  folder: string,
  limits: UnpackLimits = DEFAULT_LIMITS,
): Promise<void> {
  const partial = `${folder}.partial-${randomBytes(6).toString('hex')}`
  await mkdir(dirname(folder), { recursive: true, mode: 0o700 })
  await mkdir(partial, { mode: 0o700 })
  try {
    await readArchive(archive, limits, (entry, bytes) => writeEntry(partial, entry, bytes))
    await syncFolder(partial)
    await rename(partial, folder)
    await syncFolder(dirname(folder))
  } catch (error) {
    await rm(partial, { recursive: true, force: true })
    throw explainArchive(error, archive)
  }
}

async function writeEntry(
  folder: string,
  { parts, type, executable }: ArchiveEntry,
  bytes: AsyncIterable<Buffer>,
): Promise<void> {
  const path = join(folder, ...parts)
  if (type === 'directory') {
    await mkdir(path, { recursive: true, mode: 0o755 })
    return
  }
  if (parts.length > 1) await mkdir(dirname(path), { recursive: true, mode: 0o755 })
  // wx: nothing that is there is followed or overwritten.
  const file = await open(path, 'wx', executable ? 0o755 : 0o644)
  try {
    for await (const chunk of bytes) await file.writeFile(chunk)
    await file.datasync()
  } finally {
    await file.close()
  }
}
