import { describe, expect, it } from 'vitest'
import { History, r } from '../../test/fakes/history.ts'
import { judgeReadiness, type ReadinessWorld } from './readiness.ts'

const WELL: ReadinessWorld = {
  standbyProblems: [],
  fullTargetCached: true,
  fastMs: 50,
  fullMs: 6_000,
  snapshots: [],
}

describe('readiness', () => {
  it('both ways are open after a deploy, each with its release and how long it took the last time', () => {
    const { fast, full } = judgeReadiness(new History().deploy(1).deploy(2).record, WELL)
    expect(fast).toEqual({ open: true, sha: r(1), color: 'blue', reasons: [], expectedMs: 50 })
    expect(full).toEqual({ open: true, sha: r(1), color: 'blue', reasons: [], expectedMs: 6_000 })
  })

  it('a failed deploy closes the fast way and says what holds the color and where it failed; full stays open', () => {
    const { fast, full } = judgeReadiness(new History().deploy(1).deploy(2).deploy(3, 'failed').record, WELL)
    expect(fast).toMatchObject({
      open: false,
      reasons: ['blue holds 333333333333, which never got traffic (its deploy failed in check)'],
    })
    expect(full).toMatchObject({ open: true, sha: r(1) })
  })

  it('a good release that was launched again and failed is no fast way: those instances were never proved', () => {
    const { record } = new History().deploy(1).deploy(2).deploy(3).rollback(1, 'failed')
    const { fast, full } = judgeReadiness(record, WELL)
    expect(fast).toMatchObject({
      open: false,
      reasons: ['green holds 111111111111, which never got traffic (its rollback failed in check)'],
    })
    expect(full).toMatchObject({ open: true, sha: r(2) })
  })

  it('from the flip until F passes the fast way is closed: going back is the open operation’s own business', () => {
    const history = new History().deploy(1).deploy(2).begin('deploy', 3)
    expect(judgeReadiness(history.record, WELL).fast).toMatchObject({
      open: false,
      reasons: ['the deploy of 333333333333 has not passed F yet (backflip abort)'],
    })
  })

  it('a way that could not be looked at is not open', () => {
    const unseen = { ...WELL, standbyProblems: null, fullTargetCached: null }
    const { fast, full } = judgeReadiness(new History().deploy(1).deploy(2).record, unseen)
    expect(fast).toMatchObject({ open: false, reasons: ['it could not be looked at'] })
    expect(full).toMatchObject({ open: false, reasons: ['the cache could not be looked at'] })
  })

  it('each problem of the standby color is a reason', () => {
    const standbyProblems = ['hello-local-web-blue: stopped', 'web: the edge sees 0 of 1 up']
    const { fast } = judgeReadiness(new History().deploy(1).deploy(2).record, { ...WELL, standbyProblems })
    expect(fast).toMatchObject({ open: false, reasons: standbyProblems })
  })
})
