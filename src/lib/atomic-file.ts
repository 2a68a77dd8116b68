import { randomBytes } from 'node:crypto'
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

export interface AtomicWrite {
  /** Default 0o600. */
  readonly mode?: number
  /** Folder for the temporary file, on the same file system. Default: the file's own. */
  readonly via?: string
}

/**
 * The old bytes or the new ones, also after a power cut: temporary file, write, fsync, rename, fsync of the folder.
 * A failed fsync is never tried again on the same descriptor: the kernel may have dropped the pages (research/reliability.md §6.4).
 */
export async function writeFileAtomic(path: string, bytes: Uint8Array | string, ask: AtomicWrite = {}): Promise<void> {
  const temporary = join(
    ask.via ?? dirname(path),
    `.${basename(path)}.${process.pid}.${randomBytes(6).toString('hex')}.tmp`,
  )
  const file = await open(temporary, 'wx', ask.mode ?? 0o600)
  try {
    await fill(file, bytes)
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  await syncFolder(dirname(path))
}

async function fill(file: FileHandle, bytes: Uint8Array | string): Promise<void> {
  try {
    await file.writeFile(bytes)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Makes a rename or a new name in the folder durable. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
