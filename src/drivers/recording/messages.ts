/** What one side of PostgreSQL's protocol says, taken apart (protocol-message-formats, version 3). */
export interface Message {
  readonly type: string
  readonly body: Buffer
}

/** Longer ones are passed on unheard: a bulk load, not a question. */
const MAX_BODY_BYTES = 1024 * 1024
const HEAD_BYTES = 5

/** Cuts a stream of bytes into messages. Keeps at most one message; returns null for ever once a length makes no sense. */
export function messageSplitter(): (chunk: Buffer) => readonly Message[] | null {
  let rest = Buffer.alloc(0)
  let skipBytes = 0
  let isLost = false
  return (chunk) => {
    if (isLost) return null
    const skipped = Math.min(skipBytes, chunk.length)
    skipBytes -= skipped
    rest = Buffer.concat([rest, chunk.subarray(skipped)])
    const messages: Message[] = []
    while (rest.length >= HEAD_BYTES) {
      const length = rest.readInt32BE(1)
      if (length < 4) {
        isLost = true
        return null
      }
      const end = 1 + length
      if (length > MAX_BODY_BYTES) {
        const there = Math.min(end, rest.length)
        skipBytes = end - there
        rest = rest.subarray(there)
        continue
      }
      if (rest.length < end) break
      messages.push({ type: String.fromCharCode(rest[0] ?? 0), body: rest.subarray(HEAD_BYTES, end) })
      rest = rest.subarray(end)
    }
    return messages
  }
}

export interface ParseMessage {
  readonly name: string
  readonly text: string
  readonly parameterTypes: readonly number[]
}

export function readParse(body: Buffer): ParseMessage {
  const [name, afterName] = cString(body, 0)
  const [text, afterText] = cString(body, afterName)
  const count = body.readInt16BE(afterText)
  const parameterTypes = Array.from({ length: count }, (_, index) => body.readInt32BE(afterText + 2 + 4 * index))
  return { name, text, parameterTypes }
}

export interface BindMessage {
  readonly statement: string
  /** Null for NULL; `isBinary` as the client sends it. */
  readonly values: readonly { readonly bytes: Buffer | null; readonly isBinary: boolean }[]
}

export function readBind(body: Buffer): BindMessage {
  const [, afterPortal] = cString(body, 0)
  const [statement, afterStatement] = cString(body, afterPortal)
  let at = afterStatement
  const formatCount = body.readInt16BE(at)
  const formats = Array.from({ length: formatCount }, (_, index) => body.readInt16BE(afterStatement + 2 + 2 * index))
  at += 2 + 2 * formatCount
  const count = body.readInt16BE(at)
  at += 2
  const values: { bytes: Buffer | null; isBinary: boolean }[] = []
  for (let index = 0; index < count; index++) {
    const length = body.readInt32BE(at)
    at += 4
    // One format stands for all of them, none for text.
    const format = formats.length === 1 ? formats[0] : (formats[index] ?? 0)
    values.push({ bytes: length < 0 ? null : body.subarray(at, at + length), isBinary: format === 1 })
    at += Math.max(0, length)
  }
  return { statement, values }
}

export function readQuery(body: Buffer): string {
  return cString(body, 0)[0]
}

function cString(body: Buffer, from: number): readonly [text: string, next: number] {
  const end = body.indexOf(0, from)
  if (end < 0) throw new RangeError('a text without its end')
  return [body.toString('utf8', from, end), end + 1]
}
