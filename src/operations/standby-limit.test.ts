import { describe, expect, it } from 'vitest'
import { History } from '../../test/fakes/history.ts'
import { standbyIsExpired } from './standby-limit.ts'

const HOUR_MS = 3_600_000
const OLD = [{ beganMs: -100 * HOUR_MS }]

describe('standbyIsExpired', () => {
  const { record } = new History().deploy(1).deploy(2)
  const since = Date.parse(record.live?.since ?? '')
  const later = (ms: number) => ({ at: new Date(since + ms).toISOString(), monotonicMs: 0 })

  it('counts from when the other color got the traffic', () => {
    expect(standbyIsExpired(record, HOUR_MS, later(HOUR_MS - 1), OLD)).toBe(false)
    expect(standbyIsExpired(record, HOUR_MS, later(HOUR_MS + 1), OLD)).toBe(true)
  })

  it('a clock that jumped ahead takes no way back away: what runs is too young for that', () => {
    const young = [...OLD, { beganMs: -HOUR_MS / 2 }]
    expect(standbyIsExpired(record, HOUR_MS, later(72 * HOUR_MS), young)).toBe(false)
    expect(standbyIsExpired(record, HOUR_MS, later(-72 * HOUR_MS), OLD)).toBe(false)
    expect(standbyIsExpired(record, HOUR_MS, later(72 * HOUR_MS), [...OLD, { beganMs: null }])).toBe(true)
  })

  it('without a limit, without a standby color, or while nothing is live there is nothing to take away', () => {
    expect(standbyIsExpired(record, null, later(HOUR_MS), OLD)).toBe(false)
    expect(standbyIsExpired(new History().deploy(1).record, HOUR_MS, later(HOUR_MS), OLD)).toBe(false)
    expect(standbyIsExpired(new History().record, HOUR_MS, later(HOUR_MS), OLD)).toBe(false)
  })
})
