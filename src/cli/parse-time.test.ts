import { expect, it } from 'vitest'
import { parseTime } from './parse-time.ts'

const NOW = Date.parse('2026-11-25T12:00:00Z')
const at = (text: string) => new Date(parseTime(text, '--since', NOW)).toISOString()

it.each([
  ['6h', '2026-11-25T06:00:00.000Z'],
  ['2026-11-25', '2026-11-25T00:00:00.000Z'],
  ['2026-11-25T03:10Z', '2026-11-25T03:10:00.000Z'],
  ['2026-11-25T03:10:04.12+01:00', '2026-11-25T02:10:04.120Z'],
])('%s', (text, expected) => expect(at(text)).toBe(expected))

it.each(['', 'yesterday', '2026-11-25T03:10', '2026-13-01', '03:10', '6 h'])(
  '%j is no time: without a zone it would be read as another one elsewhere',
  (text) => expect(() => at(text)).toThrow(/no time/),
)
