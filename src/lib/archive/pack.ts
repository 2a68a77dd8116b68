import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { constants, createZstdCompress } from 'node:zlib'
import { BackflipError, usageError } from '../../domain/errors.ts'
import { END_OF_ARCHIVE, formatEntry, paddingOf, type TarEntry } from './tar-format.ts'

export interface PackedArchive {
  readonly sizeBytes: number
  /** Over the compressed file. */
  readonly sha256: string
  /** Over the tar within, so that another compressor is not taken for tampering. */
  readonly tarSha256: string
}

const COMPRESSION_LEVEL = 10
const MAX_ENTRIES = 100_000

interface Source extends TarEntry {
  readonly path: string
}

/**
 * Packs a folder (or one file) as `.tar.zst`. The same input gives the same bytes: names sorted by code unit, no owners, no times, modes 0755
 * or 0644. Links, sockets and devices are refused: a release is files. Memory does not grow with the input.
 */
export async function packArchive(source: string, target: string): Promise<PackedArchive> {
  const entries = await collect(source)
  const tarHash = createHash('sha256')
  const fileHash = createHash('sha256')
  let sizeBytes = 0
  const onTar = tap((chunk) => tarHash.update(chunk))
  const onFile = tap((chunk) => {
    fileHash.update(chunk)
    sizeBytes += chunk.length
  })
  // One thread and a fixed level: more threads would cut the stream elsewhere.
  // And one chunk at a time: Node ends the frame with the last chunk when `end` was called before that one had its turn, and with an empty block
  // otherwise, so that the bytes depended on timing (30 of 929 archives of an empty file, measured with a busy event loop on Node 24.21).
  const options = { params: { [constants.ZSTD_c_compressionLevel]: COMPRESSION_LEVEL }, writableHighWaterMark: 1 }
  const zstd = createZstdCompress(options)
  await pipeline(
    Readable.from(tarBytes(entries)),
    onTar,
    zstd,
    onFile,
    createWriteStream(target, { flags: 'wx', mode: 0o644, flush: true }),
  )
  return { sizeBytes, sha256: fileHash.digest('hex'), tarSha256: tarHash.digest('hex') }
}

function tap(see: (chunk: Buffer) => void): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      see(chunk)
      done(null, chunk)
    },
  })
}

async function collect(source: string): Promise<readonly Source[]> {
  const stat = await lstat(source).catch((cause: unknown) => {
    throw usageError(`there is nothing at ${source} to publish`, { code: 'no-source', cause })
  })
  if (stat.isFile())
    return [
      {
        name: basename(source),
        path: source,
        type: 'file',
        executable: (stat.mode & 0o100) !== 0,
        sizeBytes: stat.size,
      },
    ]
  const entries: Source[] = []
  await walk(source, '', entries)
  return entries
}

async function walk(folder: string, prefix: string, entries: Source[]): Promise<void> {
  const names = (await readdir(folder)).sort((a, b) => (a < b ? -1 : 1))
  for (const name of names) {
    const path = join(folder, name)
    const stat = await lstat(path)
    const entry = { name: `${prefix}${name}`, path, executable: (stat.mode & 0o100) !== 0 }
    if (entries.length >= MAX_ENTRIES)
      throw usageError(`${folder} holds more than ${MAX_ENTRIES} files`, { code: 'too-many-files' })
    if (stat.isDirectory()) {
      entries.push({ ...entry, type: 'directory', sizeBytes: 0 })
      await walk(path, `${entry.name}/`, entries)
    } else if (stat.isFile()) {
      entries.push({ ...entry, type: 'file', sizeBytes: stat.size })
    } else {
      throw usageError(`${path} is neither a file nor a folder: links and devices are not published`, {
        code: 'bad-source',
        hint: 'copy what it points to',
      })
    }
  }
}

async function* tarBytes(entries: readonly Source[]): AsyncGenerator<Buffer> {
  for (const entry of entries) {
    yield formatEntry(entry)
    if (entry.type !== 'file') continue
    let seen = 0
    for await (const chunk of createReadStream(entry.path) as AsyncIterable<Buffer>) {
      seen += chunk.length
      yield chunk
    }
    if (seen !== entry.sizeBytes) {
      throw new BackflipError(`${entry.path} changed while it was packed`, {
        code: 'source-changed',
        kind: 'failed',
        hint: 'publish again',
      })
    }
    yield Buffer.alloc(paddingOf(entry.sizeBytes))
  }
  yield END_OF_ARCHIVE
}
