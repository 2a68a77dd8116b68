import { describe, expect, it } from 'vitest'
import { chooseParts, sideBySide } from './parts.ts'

const names = (only: readonly string[] | null) =>
  sideBySide(chooseParts(only)).map((group) => group.map(({ name }) => name))

describe('parts of npm test', () => {
  it('run one after the other, but for the two that wait most', () => {
    expect(names(null)).toEqual([
      ['haproxy'],
      ['strace'],
      ['postgres'],
      ['types'],
      ['format'],
      ['lint'],
      ['generated'],
      ['tests'],
      ['heavy', 'incus'],
      ['simulator'],
    ])
  })

  it('run alone when what they run beside was not asked for', () => {
    expect(names(['types', 'incus'])).toEqual([['types'], ['incus']])
  })

  it('are known by name', () => {
    expect(() => chooseParts(['tset'])).toThrow('there is no part "tset"')
  })
})
