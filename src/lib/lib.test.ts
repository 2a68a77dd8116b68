import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalJson } from './canonical-json.ts'
import { formatDuration, parseDuration } from './duration.ts'
import { suggest } from './suggest.ts'
import { uuid7 } from './uuid7.ts'

describe('canonicalJson', () => {
  it('is the same for the same value, in whatever order it was built', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const turned = Object.fromEntries(Object.entries(value).toReversed())
        expect(canonicalJson(turned)).toBe(canonicalJson(value))
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
  })

  it('refuses what JSON cannot hold', () => {
    expect(() => canonicalJson({ a: Number.NaN })).toThrow(TypeError)
    expect(() => canonicalJson(() => 1)).toThrow(TypeError)
  })
})

describe('durations', () => {
  it.each([
    ['0', 0],
    ['500ms', 500],
    ['1.5s', 1_500],
    ['5m', 300_000],
    ['24h', 86_400_000],
    ['7d', 604_800_000],
  ])('%s', (text, ms) => {
    expect(parseDuration(text)).toBe(ms)
  })
  it.each(['', '5', 's', '-1s', '1 s', '1e3s', '400d', '99999999999s', '5m '])('%j is none', (text) => {
    expect(() => parseDuration(text)).toThrow(/is not a duration/)
  })
  it('are short for people', () => {
    expect([0, 999, 1_500, 61_000, 3_660_000].map(formatDuration)).toEqual([
      '0 ms',
      '999 ms',
      '1.5 s',
      '1 min 1 s',
      '1 h 1 min',
    ])
  })
})

describe('suggest', () => {
  it('knows what was meant, and says nothing when nothing is near', () => {
    expect(suggest('instnaces', ['instances', 'command'])).toBe('instances')
    expect(suggest('COMAND', ['instances', 'command'])).toBe('command')
    expect(suggest('something', ['instances', 'command'])).toBeNull()
  })
})

describe('uuid7', () => {
  it('is a UUID of version 7 that sorts by time', () => {
    expect(uuid7()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(uuid7(1_000) < uuid7(2_000)).toBe(true)
    expect(uuid7(1_000)).not.toBe(uuid7(1_000))
  })

  it('sorts behind the one it is to follow, also when the clock was set back', () => {
    const before = uuid7(9_000_000)
    expect(uuid7(1_000, before) > before).toBe(true)
    expect(uuid7(1_000, uuid7(1_000, before)) > uuid7(1_000, before)).toBe(true)
    expect(uuid7(9_999_999, before) > uuid7(9_999_998)).toBe(true)
  })
})
