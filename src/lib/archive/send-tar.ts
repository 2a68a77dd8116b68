import { type ArchiveEntry, DEFAULT_LIMITS, explainArchive, readArchive, type UnpackLimits } from './read.ts'
import { END_OF_ARCHIVE, formatGnuEntry, paddingOf } from './tar-format.ts'

/**
 * Sends a `.tar.zst` to a stranger's tar, below the folder `prefix` (relative, without a slash at its end). Every header is written anew from what
 * was checked, so that no field of the archive that we do not read can mean something to the other side. Errors as of `unpackArchive`.
 */
export async function sendTar(
  archive: string,
  prefix: string,
  send: (bytes: Buffer) => Promise<void>,
  limits: UnpackLimits = DEFAULT_LIMITS,
): Promise<void> {
  const { push, flush } = inParts(send)
  const visit = async (entry: ArchiveEntry, bytes: AsyncIterable<Buffer>) => {
    const { parts, type, executable, sizeBytes } = entry
    await push(formatGnuEntry({ name: [prefix, ...parts].join('/'), type, executable, sizeBytes }))
    for await (const chunk of bytes) await push(chunk)
    if (sizeBytes > 0) await push(Buffer.alloc(paddingOf(sizeBytes)))
  }
  try {
    await push(formatGnuEntry({ name: prefix, type: 'directory', executable: true, sizeBytes: 0 }))
    await readArchive(archive, limits, visit)
    await push(END_OF_ARCHIVE)
    await flush()
  } catch (error) {
    throw explainArchive(error, archive)
  }
}

const PART_BYTES = 128 * 1024

/** Headers are small and many: what is sent goes out in larger parts. */
function inParts(send: (bytes: Buffer) => Promise<void>) {
  let kept: Buffer[] = []
  let size = 0
  const flush = async () => {
    const part = Buffer.concat(kept)
    kept = []
    size = 0
    await send(part)
  }
  const push = async (bytes: Buffer) => {
    kept.push(bytes)
    size += bytes.length
    if (size >= PART_BYTES) await flush()
  }
  return { push, flush }
}

/** Reads all of it and keeps nothing: whether it may be unpacked, before anything is made for it. */
export async function scanArchive(archive: string, limits: UnpackLimits = DEFAULT_LIMITS): Promise<void> {
  try {
    await readArchive(archive, limits, async () => undefined)
  } catch (error) {
    throw explainArchive(error, archive)
  }
}
