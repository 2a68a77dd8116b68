import { randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
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
 *
 * Synchronous calls: a small file is on the disk in a third of the time that eight trips through the thread pool take, and whoever flips
 * has nothing else to do meanwhile (docs/decisions/0006-start-up.md).
 */
export async function writeFileAtomic(path: string, bytes: Uint8Array | string, ask: AtomicWrite = {}): Promise<void> {
  const name = `.${basename(path)}.${process.pid}.${randomBytes(6).toString('hex')}.tmp`
  const temporary = join(ask.via ?? dirname(path), name)
  const file = openSync(temporary, 'wx', ask.mode ?? 0o600)
  try {
    fill(file, typeof bytes === 'string' ? Buffer.from(bytes) : bytes)
    renameSync(temporary, path)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
  await syncFolder(dirname(path))
}

function fill(file: number, bytes: Uint8Array): void {
  try {
    // write(2) may take less than it was given.
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

/** Makes a rename or a new name in the folder durable. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = openSync(folder, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}
