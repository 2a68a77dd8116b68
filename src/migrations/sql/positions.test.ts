import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { positionsOf } from './positions.ts'

describe('a place is the same place in bytes, code points and UTF-16', () => {
  it('counts an emoji as four bytes, one code point and two units', () => {
    const { line, column, offset } = positionsOf('é\n😀x').at(4)
    expect({ line, column, offset }).toEqual({
      line: 2,
      column: { utf16: 3, codePoint: 2, byte: 5 },
      offset: { utf16: 4, codePoint: 3, byte: 7 },
    })
  })

  it('translates bytes and code points back, wherever a character begins and in any order', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), fc.array(fc.nat(), { maxLength: 4 }), (text, picks) => {
        const starts = [0]
        for (const char of text) starts.push((starts.at(-1) ?? 0) + char.length)
        const positions = positionsOf(text)
        for (const pick of picks) {
          const at = starts[pick % starts.length] ?? 0
          const { offset } = positions.at(at)
          expect(offset.byte).toBe(Buffer.byteLength(text.slice(0, at)))
          expect(positions.fromByte(offset.byte)).toBe(at)
          expect(positions.fromCodePoint(offset.codePoint)).toBe(at)
        }
      }),
    )
  })
})
