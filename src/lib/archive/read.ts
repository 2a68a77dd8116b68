import { createReadStream } from 'node:fs'
import { constants, createZstdDecompress } from 'node:zlib'
import { BackflipError } from '../../domain/errors.ts'
import { ByteReader } from './byte-reader.ts'
import { assertName, NameSet } from './entry-name.ts'
import { BLOCK_BYTES, paddingOf, parseHeader, paxPath, type RawHeader } from './tar-format.ts'

export interface UnpackLimits {
  /** Of all files together. */
  readonly totalBytes: number
  readonly entries: number
}

export const DEFAULT_LIMITS: UnpackLimits = { totalBytes: 1024 ** 3, entries: 50_000 }

/** A folder or a regular file whose name stays within its folder: nothing else gets this far. */
export interface ArchiveEntry {
  readonly parts: readonly string[]
  readonly type: 'file' | 'directory'
  readonly executable: boolean
  readonly sizeBytes: number
}

/** Gets each entry in order. What it does not read of the bytes is skipped. */
export type VisitEntry = (entry: ArchiveEntry, bytes: AsyncIterable<Buffer>) => Promise<void>

/** log2 of the window that zstd may ask memory for: 128 MiB (research/reliability.md §3.4). */
const MAX_WINDOW_LOG = 27
const MAX_PAX_BYTES = 64 * 1024
const CHUNK_BYTES = 256 * 1024

/** Reads a `.tar.zst` from its beginning to its end. Error `bad-archive` (kind `failed`) names the entry or the limit. */
export async function readArchive(archive: string, limits: UnpackLimits, visit: VisitEntry): Promise<void> {
  const file = createReadStream(archive)
  const zstd = createZstdDecompress({ params: { [constants.ZSTD_d_windowLogMax]: MAX_WINDOW_LOG } })
  file.on('error', (error) => zstd.destroy(error))
  try {
    await readEntries(new ByteReader(file.pipe(zstd)), limits, visit)
  } finally {
    file.destroy()
    zstd.destroy()
  }
}

async function readEntries(reader: ByteReader, limits: UnpackLimits, visit: VisitEntry): Promise<void> {
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
    await readEntry(reader, { ...header, name: longName ?? header.name }, names, visit)
    longName = null
  }
}

async function readLongName(reader: ByteReader, { sizeBytes }: RawHeader): Promise<string | null> {
  if (sizeBytes > MAX_PAX_BYTES) throw bad(`a pax header of ${sizeBytes} bytes`)
  const bytes = await reader.take(sizeBytes)
  await reader.skip(paddingOf(sizeBytes))
  return paxPath(bytes)
}

async function readEntry(reader: ByteReader, header: RawHeader, names: NameSet, visit: VisitEntry): Promise<void> {
  const { name, flag, mode, sizeBytes } = header
  const parts = assertName(name)
  names.add(parts, flag === '5')
  if (flag !== '5' && flag !== '0' && flag !== '\0')
    throw bad(`${JSON.stringify(name)} is of type ${JSON.stringify(flag)}: neither a file nor a folder`)
  const type = flag === '5' ? 'directory' : 'file'
  let left = sizeBytes
  const bytes = async function* () {
    while (left > 0) {
      const chunk = await reader.takeSome(Math.min(left, CHUNK_BYTES))
      left -= chunk.length
      yield chunk
    }
  }
  const size = type === 'file' ? sizeBytes : 0
  // Set-id and other special bits are dropped: executable or not is all that is kept.
  await visit({ parts, type, executable: (mode & 0o100) !== 0, sizeBytes: size }, bytes())
  await reader.skip(left + paddingOf(sizeBytes))
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

/** What went wrong with an archive, in our words. */
export function explainArchive(error: unknown, archive: string): BackflipError {
  if (error instanceof BackflipError) return error
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
