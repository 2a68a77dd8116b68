/** One place in a text, in the three units that tools count in. Lines and columns count from 1, offsets from 0. */
export interface Position {
  readonly line: number
  readonly column: { readonly utf16: number; readonly codePoint: number; readonly byte: number }
  readonly offset: { readonly utf16: number; readonly codePoint: number; readonly byte: number }
}

/** Translates places in one text. The parser speaks bytes, its errors code points, JavaScript and editors UTF-16. */
export interface Positions {
  readonly fromByte: (byte: number) => number
  readonly fromCodePoint: (codePoint: number) => number
  readonly at: (utf16: number) => Position
  /** Line and column alone, the column in UTF-16 units: for thousands of findings. */
  readonly lineAt: (utf16: number) => { readonly line: number; readonly column: number }
}

export function positionsOf(source: string): Positions {
  const ascii = isAscii(source)
  let starts: readonly number[] | null = null
  const lineAt = (utf16: number) => {
    starts ??= lineStarts(source)
    const line = lastAtMost(starts, utf16)
    return { line: line + 1, column: utf16 - (starts[line] ?? 0) + 1 }
  }
  return {
    fromByte: ascii ? (byte) => byte : scanner(source, utf8Length),
    fromCodePoint: ascii ? (codePoint) => codePoint : scanner(source, () => 1),
    lineAt,
    at(utf16) {
      const { line, column } = lineAt(utf16)
      const before = source.slice(0, utf16)
      const inLine = source.slice(utf16 - column + 1, utf16)
      return {
        line,
        column: { utf16: column, codePoint: count(inLine, () => 1) + 1, byte: count(inLine, utf8Length) + 1 },
        offset: { utf16, codePoint: count(before, () => 1), byte: count(before, utf8Length) },
      }
    },
  }
}

/** UTF-8 needs more bytes than UTF-16 units for every character beyond ASCII: counting is faster than looking. */
function isAscii(text: string): boolean {
  return Buffer.byteLength(text) === text.length
}

/** The UTF-16 offset at which so many units lie behind. Places are mostly asked for in their order: each goes on where the last one was. */
function scanner(source: string, unitsOf: (codePoint: number) => number): (wanted: number) => number {
  let units = 0
  let at = 0
  return (wanted) => {
    if (wanted < units) {
      units = 0
      at = 0
    }
    while (units < wanted && at < source.length) {
      const codePoint = source.codePointAt(at) ?? 0
      units += unitsOf(codePoint)
      at += codePoint > 0xffff ? 2 : 1
    }
    return at
  }
}

function count(part: string, unitsOf: (codePoint: number) => number): number {
  if (isAscii(part)) return part.length
  let units = 0
  for (const char of part) units += unitsOf(char.codePointAt(0) ?? 0)
  return units
}

function utf8Length(codePoint: number): number {
  if (codePoint < 0x80) return 1
  if (codePoint < 0x800) return 2
  return codePoint < 0x1_0000 ? 3 : 4
}

function lineStarts(source: string): readonly number[] {
  const starts = [0]
  for (let at = source.indexOf('\n'); at >= 0; at = source.indexOf('\n', at + 1)) starts.push(at + 1)
  return starts
}

function lastAtMost(sorted: readonly number[], value: number): number {
  let low = 0
  let high = sorted.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((sorted[middle] ?? 0) <= value) low = middle
    else high = middle - 1
  }
  return low
}
