import { open, stat } from 'node:fs/promises'

const PIECE_BYTES = 64 * 1024

/** Reads what is appended to a file, line by line. A line longer than a piece comes in pieces; a truncated file is read from its beginning. */
export async function addedLines(
  path: string,
  from: 'beginning' | 'end',
): Promise<{ readonly read: () => Promise<readonly string[]> }> {
  let position = from === 'end' ? (await stat(path)).size : 0
  let rest = Buffer.alloc(0)
  const read = async (): Promise<readonly string[]> => {
    const file = await open(path, 'r')
    try {
      const { size } = await file.stat()
      if (size < position) [position, rest] = [0, Buffer.alloc(0)]
      const buffer = Buffer.alloc(Math.min(PIECE_BYTES, size - position))
      const { bytesRead } = await file.read(buffer, 0, buffer.length, position)
      position += bytesRead
      // Split as bytes: a letter may be cut in two by the end of a piece.
      const text = Buffer.concat([rest, buffer.subarray(0, bytesRead)])
      const end = text.lastIndexOf(10)
      if (end === -1 && text.length < PIECE_BYTES) {
        rest = text
        return []
      }
      const whole = end === -1 ? text.length : end
      rest = Buffer.from(text.subarray(whole + 1))
      return text.toString('utf8', 0, whole).split('\n')
    } finally {
      await file.close()
    }
  }
  return { read }
}
