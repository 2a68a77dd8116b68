import { describe, expect, it } from 'vitest'
import { chooseParts } from './parts.ts'

const names = (only: readonly string[] | null) => chooseParts(only).map(({ name }) => name)

describe('parts of npm test', () => {
  it('begin with what is cheap; what waits most begins before what works most', () => {
    expect(names(null)).toEqual([
      'haproxy',
      'strace',
      'postgres',
      'types',
      'format',
      'lint',
      'generated',
      'incus',
      'tests',
      'heavy',
      'simulator',
    ])
  })

  it('are chosen by name', () => {
    expect(names(['types', 'incus'])).toEqual(['types', 'incus'])
    expect(() => chooseParts(['tset'])).toThrow('there is no part "tset"')
  })
})
