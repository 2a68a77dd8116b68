import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { csvLine } from './csv.ts'
import { rowsOnlyIn } from './lost-rows.ts'
import { parseLsn, walBytesBetween } from './lsn.ts'

async function* sorted(hashes: readonly string[]) {
  for (const hash of hashes.toSorted((a, b) => (a < b ? -1 : 1))) yield { hash }
}

async function difference(newer: readonly string[], older: readonly string[]): Promise<readonly string[]> {
  const found: string[] = []
  for await (const { hash } of rowsOnlyIn(sorted(newer), sorted(older))) found.push(hash)
  return found
}

describe('rows that only the newer side has', () => {
  it('are the difference of two multisets', async () => {
    const hashes = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(hashes, hashes, async (newer, older) => {
        const rest = [...older]
        const expected = newer.filter((hash) => {
          const at = rest.indexOf(hash)
          if (at >= 0) rest.splice(at, 1)
          return at < 0
        })
        expect(await difference(newer, older)).toEqual(expected.toSorted((a, b) => (a < b ? -1 : 1)))
      }),
    )
  })

  it('leave both sides closed when the reader goes away', async () => {
    const closed: string[] = []
    async function* side(name: string) {
      try {
        for (const hash of ['a', 'b', 'c']) yield { hash: name + hash }
      } finally {
        closed.push(name)
      }
    }
    for await (const { hash } of rowsOnlyIn(side('1'), side('2'))) if (hash === '1a') break
    expect(closed.toSorted((a, b) => a.localeCompare(b))).toEqual(['1', '2'])
  })
})

describe('a CSV record', () => {
  it.each([
    [['a', null, ''], 'a,,""\n'],
    [['a,b', 'c"d', 'e\nf'], '"a,b","c""d","e\nf"\n'],
    [[' x', '\\.'], '" x","\\."\n'],
  ])('%j', (values, expected) => expect(csvLine(values)).toBe(expected))
})

describe('a place in the log', () => {
  it('is compared over the border of 32 bits', () => {
    expect(walBytesBetween(parseLsn('0/FFFFFFF0'), parseLsn('1/10'))).toBe(32)
    expect(walBytesBetween(parseLsn('1/10'), parseLsn('0/fffffff0'))).toBe(-32)
  })
  it.each(['', '0', '0/', '1/2/3', 'x/1', '0/123456789'])('is not: %j', (text) => {
    expect(() => parseLsn(text)).toThrow(/write-ahead log/)
  })
})
