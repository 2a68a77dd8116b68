/** The ustar layout (POSIX.1-2017, pax "ustar Interchange Format"): a header block, then the bytes, padded to whole blocks. */
export const BLOCK_BYTES = 512

export interface TarEntry {
  /** `/`-separated, relative. */
  readonly name: string
  readonly type: 'file' | 'directory'
  readonly executable: boolean
  readonly sizeBytes: number
}

const NAME_BYTES = 100

/** Header blocks of one entry: the same entry gives the same bytes. Owner 0, no names, time 0: nothing of the machine is in it. */
export function formatEntry(entry: TarEntry): Buffer {
  return formatNamed(entry, (name) => {
    const record = formatPaxRecord('path', name)
    return longName('PaxHeader', record, 'x')
  })
}

/** The same for a tar that we do not choose: busybox' skips pax headers and knows GNU's long names only. */
export function formatGnuEntry(entry: TarEntry): Buffer {
  return formatNamed(entry, (name) => longName('././@LongLink', Buffer.from(`${name}\0`), 'L'))
}

function formatNamed(entry: TarEntry, before: (name: string) => Buffer): Buffer {
  const name = entry.type === 'directory' ? `${entry.name}/` : entry.name
  const header = formatHeader(name.slice(0, NAME_BYTES), entry, entry.type === 'directory' ? '5' : '0')
  return Buffer.byteLength(name) <= NAME_BYTES ? header : Buffer.concat([before(name), header])
}

function longName(label: string, record: Buffer, flag: string): Buffer {
  return Buffer.concat([
    formatHeader(label, { executable: false, sizeBytes: record.length, type: 'file' }, flag),
    padded(record),
  ])
}

function formatHeader(name: string, { executable, sizeBytes, type }: Omit<TarEntry, 'name'>, flag: string): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES)
  // A long name's beginning may end within a character: the pax record before it has the whole.
  Buffer.from(name).copy(block, 0, 0, NAME_BYTES)
  const mode = type === 'directory' || executable ? 0o755 : 0o644
  writeOctal(block, 100, 8, mode)
  writeOctal(block, 108, 8, 0)
  writeOctal(block, 116, 8, 0)
  writeOctal(block, 124, 12, type === 'directory' ? 0 : sizeBytes)
  writeOctal(block, 136, 12, 0)
  block.write('        ', 148)
  block.write(flag, 156)
  block.write('ustar\u000000', 257)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\u0000 `, 148)
  return block
}

function writeOctal(block: Buffer, at: number, width: number, value: number): void {
  const digits = value.toString(8)
  if (digits.length > width - 1) throw new RangeError(`${value} does not fit a tar header`)
  block.write(digits.padStart(width - 1, '0'), at)
}

/** `<length> <key>=<value>\n`, where the length counts itself. */
function formatPaxRecord(key: string, value: string): Buffer {
  const rest = Buffer.byteLength(` ${key}=${value}\n`)
  let length = rest + String(rest).length
  if (String(length).length !== String(rest).length) length = rest + String(length).length
  return Buffer.from(`${length} ${key}=${value}\n`)
}

export function paddingOf(sizeBytes: number): number {
  return (BLOCK_BYTES - (sizeBytes % BLOCK_BYTES)) % BLOCK_BYTES
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(paddingOf(bytes.length))])
}

export const END_OF_ARCHIVE = Buffer.alloc(2 * BLOCK_BYTES)

export interface RawHeader {
  readonly name: string
  readonly flag: string
  readonly mode: number
  readonly sizeBytes: number
}

/** Null for a block of zeros. Throws a plain Error for what is no header: the reader says which archive it was in. */
export function parseHeader(block: Buffer): RawHeader | null {
  if (block.every((byte) => byte === 0)) return null
  const stored = readOctal(block, 148, 8)
  const sum = block.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 32 : byte), 0)
  if (stored !== sum) throw new Error('a header with a wrong checksum')
  const prefix = block.toString('latin1', 257, 262) === 'ustar' ? readText(block, 345, 155) : ''
  const name = readText(block, 0, NAME_BYTES)
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    flag: String.fromCharCode(block[156] ?? 0),
    mode: readOctal(block, 100, 8),
    sizeBytes: readOctal(block, 124, 12),
  }
}

function readText(block: Buffer, at: number, width: number): string {
  const end = block.indexOf(0, at)
  return block.toString('utf8', at, end === -1 || end > at + width ? at + width : end)
}

function readOctal(block: Buffer, at: number, width: number): number {
  const text = block
    .toString('latin1', at, at + width)
    .replace(/[\0 ]+$/, '')
    .trimStart()
  if (!/^[0-7]*$/.test(text)) throw new Error('a header with a number that is not octal')
  return text === '' ? 0 : Number.parseInt(text, 8)
}

/** The one pax key that matters to us; others are ignored, as their meaning cannot change where a file goes or how long it is. */
export function paxPath(bytes: Buffer): string | null {
  let path: string | null = null
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at)
    const length = space === -1 ? Number.NaN : Number(bytes.toString('latin1', at, space))
    if (!Number.isInteger(length) || length <= space - at || at + length > bytes.length)
      throw new Error('a malformed pax header')
    const record = bytes.toString('utf8', space + 1, at + length - 1)
    if (record.startsWith('size=')) throw new Error('a pax header with a size of its own')
    if (record.startsWith('path=')) path = record.slice('path='.length)
    at += length
  }
  return path
}
