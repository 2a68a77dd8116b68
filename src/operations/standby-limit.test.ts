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

  it('one that was kept after a failure counts from its own launch: nobody loses what they are looking at', () => {
    const failed = new History().deploy(1).deploy(2).deploy(3, 'failed').record
    const launched = Date.parse(failed.colors.blue.since ?? '')
    const since = (ms: number) => ({ at: new Date(launched + ms).toISOString(), monotonicMs: 0 })
    expect(launched).toBeGreaterThan(Date.parse(failed.live?.since ?? ''))
    expect(standbyIsExpired(failed, HOUR_MS, since(HOUR_MS - 1), OLD)).toBe(false)
    expect(standbyIsExpired(failed, HOUR_MS, since(HOUR_MS + 1), OLD)).toBe(true)
  })

  it('without a limit, without a standby color, or while nothing is live there is nothing to take away', () => {
    expect(standbyIsExpired(record, null, later(HOUR_MS), OLD)).toBe(false)
    expect(standbyIsExpired(new History().deploy(1).record, HOUR_MS, later(HOUR_MS), OLD)).toBe(false)
    expect(standbyIsExpired(new History().record, HOUR_MS, later(HOUR_MS), OLD)).toBe(false)
  })
})
