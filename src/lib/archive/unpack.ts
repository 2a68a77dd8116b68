import { randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { constants, createZstdDecompress } from 'node:zlib'
import { BackflipError } from '../../domain/errors.ts'
import { syncFolder } from '../atomic-file.ts'
import { ByteReader } from './byte-reader.ts'
import { assertName, NameSet } from './entry-name.ts'
import { BLOCK_BYTES, paddingOf, parseHeader, paxPath, type RawHeader } from './tar-format.ts'

export interface UnpackLimits {
  /** Of all files together. */
  readonly totalBytes: number
  readonly entries: number
}

export const DEFAULT_LIMITS: UnpackLimits = { totalBytes: 1024 ** 3, entries: 50_000 }

/** log2 of the window that zstd may ask memory for: 128 MiB (research/reliability.md §3.4). */
const MAX_WINDOW_LOG = 27
const MAX_PAX_BYTES = 64 * 1024
const WRITE_CHUNK_BYTES = 256 * 1024

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
    await unpackInto(archive, partial, limits)
    await syncFolder(partial)
    await rename(partial, folder)
    await syncFolder(dirname(folder))
  } catch (error) {
    await rm(partial, { recursive: true, force: true })
    throw explain(error, archive)
  }
}

async function unpackInto(archive: string, folder: string, limits: UnpackLimits): Promise<void> {
  const file = createReadStream(archive)
  const zstd = createZstdDecompress({ params: { [constants.ZSTD_d_windowLogMax]: MAX_WINDOW_LOG } })
  file.on('error', (error) => zstd.destroy(error))
  try {
    await unpackEntries(new ByteReader(file.pipe(zstd)), folder, limits)
  } finally {
    file.destroy()
    zstd.destroy()
  }
}

async function unpackEntries(reader: ByteReader, folder: string, limits: UnpackLimits): Promise<void> {
  const names = new NameSet()
  let totalBytes = 0
  let entries = 0
  let longName: string | null = null
  for (;;) {
    const header = parseHeader(await reader.take(BLOCK_BYTES))
    if (header === null) return assertEnd(reader)
    entries += 1
    totalBytes += header.sizeBytes
    if (entries > limits.entries) throw bad(`more than ${limits.entries} entries`)
    if (totalBytes > limits.totalBytes) throw bad(`more than ${limits.totalBytes} bytes unpacked`)
    if (header.flag === 'x') {
      longName = await readLongName(reader, header)
      continue
    }
    await unpackEntry(reader, folder, { ...header, name: longName ?? header.name }, names)
    longName = null
  }
}

async function readLongName(reader: ByteReader, { sizeBytes }: RawHeader): Promise<string | null> {
  if (sizeBytes > MAX_PAX_BYTES) throw bad(`a pax header of ${sizeBytes} bytes`)
  const bytes = await reader.take(sizeBytes)
  await reader.skip(paddingOf(sizeBytes))
  return paxPath(bytes)
}

async function unpackEntry(
  reader: ByteReader,
  folder: string,
  { name, flag, mode, sizeBytes }: RawHeader,
  names: NameSet,
): Promise<void> {
  const parts = assertName(name)
  names.add(parts, flag === '5')
  const path = join(folder, ...parts)
  if (flag === '5') {
    await mkdir(path, { recursive: true, mode: 0o755 })
    return reader.skip(sizeBytes + paddingOf(sizeBytes))
  }
  if (flag !== '0' && flag !== '\0')
    throw bad(`${JSON.stringify(name)} is of type ${JSON.stringify(flag)}: neither a file nor a folder`)
  if (parts.length > 1) await mkdir(dirname(path), { recursive: true, mode: 0o755 })
  // wx: nothing that is there is followed or overwritten. Set-id and other special bits are dropped.
  const file = await open(path, 'wx', (mode & 0o100) === 0 ? 0o644 : 0o755)
  try {
    for (let left = sizeBytes; left > 0; ) {
      const chunk = await reader.takeSome(Math.min(left, WRITE_CHUNK_BYTES))
      await file.writeFile(chunk)
      left -= chunk.length
    }
    await file.datasync()
  } finally {
    await file.close()
  }
  await reader.skip(paddingOf(sizeBytes))
}

/** Two blocks of zeros end an archive; anything but zeros after them was smuggled in. */
async function assertEnd(reader: ByteReader): Promise<void> {
  for await (const chunk of reader.rest()) {
    if (chunk.some((byte) => byte !== 0)) throw bad('bytes after its end')
  }
}

function bad(what: string): BackflipError {
  return new BackflipError(`the archive holds ${what}`, { code: 'bad-archive', kind: 'failed' })
}

function explain(error: unknown, archive: string): BackflipError {
  if (error instanceof BackflipError && error.code === 'bad-archive') return error
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ENOSPC')
    return new BackflipError('the disk is full', {
      code: 'disk-full',
      kind: 'failed',
      cause: error,
      hint: 'free some space, then deploy again',
    })
  return new BackflipError(`${archive} cannot be unpacked`, {
    code: 'bad-archive',
    kind: 'failed',
    cause: error,
    hint: 'publish the release again',
  })
}
