import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { History, r } from '../../../test/fakes/history.ts'
import { goodReleases, lastGoodBefore, pinnedReleases } from './good.ts'

describe('where a rollback without a SHA goes', () => {
  test('to the last good release before the live one', () => {
    expect(lastGoodBefore(new History().deploy(1).deploy(2).deploy(3).record)).toBe(r(2))
  })

  test('nowhere, when nothing served before', () => {
    expect(lastGoodBefore(new History().record)).toBeNull()
    expect(lastGoodBefore(new History().deploy(1).record)).toBeNull()
  })

  test('five failed deploys keep the last good one', () => {
    const history = new History().deploy(1).deploy(2)
    for (const release of [3, 4, 5, 6, 7]) history.deploy(release, 'failed')
    expect(lastGoodBefore(history.cleanup().record)).toBe(r(1))
    expect(pinnedReleases(history.record)).toEqual(expect.arrayContaining([r(1), r(2)]))
  })

  test('past what was reverted, and past what somebody went back from', () => {
    expect(lastGoodBefore(new History().deploy(1).deploy(2, 'reverted').deploy(3).record)).toBe(r(1))
    expect(lastGoodBefore(new History().deploy(1).deploy(2).rollback(1).deploy(3).record)).toBe(r(1))
  })

  test('twice in a row it goes further back or refuses, and never ping-pongs', () => {
    const history = new History().deploy(1).deploy(2).deploy(3)
    expect(lastGoodBefore(history.record)).toBe(r(2))
    expect(lastGoodBefore(history.rollback(2).record)).toBe(r(1))
    expect(lastGoodBefore(history.rollback(1).record)).toBeNull()
  })

  test('never ping-pong: whatever was deployed before, rollbacks alone end, each at another release', () => {
    const deploys = fc.array(
      fc.tuple(
        fc.integer({ min: 1, max: 8 }),
        fc.constantFrom('done', 'failed', 'reverted') as fc.Arbitrary<'done' | 'failed' | 'reverted'>,
      ),
      { minLength: 1, maxLength: 15 },
    )
    fc.assert(
      fc.property(deploys, (story) => {
        const history = new History()
        for (const [release, outcome] of story) {
          // What is live is never deployed again, and the very first has nothing to go back to.
          if (history.record.live?.sha === r(release) || (history.record.live === null && outcome === 'reverted'))
            continue
          history.deploy(release, outcome)
        }
        const visited = new Set(history.record.live === null ? [] : [history.record.live.sha])
        for (let target = lastGoodBefore(history.record); target !== null; target = lastGoodBefore(history.record)) {
          expect(goodReleases(history.record)).toContain(target)
          expect(visited).not.toContain(target)
          visited.add(target)
          history.rollback([1, 2, 3, 4, 5, 6, 7, 8].find((n) => r(n) === target) ?? 0)
        }
        expect(visited.size).toBeLessThanOrEqual(8)
      }),
    )
  })

  test('to one that a person marked good', () => {
    const history = new History().deploy(1).deploy(2).rollback(1).deploy(3)
    history.fact({ kind: 'marked-good', sha: r(2), reason: 'it was the network' })
    expect(goodReleases(history.record)).toContain(r(2))
  })
})

describe('what is never thrown away', () => {
  test('live, standby, and the last three good releases', () => {
    const history = new History()
    for (const release of [1, 2, 3, 4, 5, 6]) history.deploy(release)
    expect([...pinnedReleases(history.record)].toSorted()).toEqual([r(4), r(5), r(6)])
    history.deploy(7, 'failed')
    expect([...pinnedReleases(history.record)].toSorted()).toEqual([r(4), r(5), r(6), r(7)])
  })

  test('the next way back, however old', () => {
    const history = new History().deploy(1)
    for (const release of [2, 3, 4]) history.deploy(release, 'reverted')
    history.deploy(5)
    expect(pinnedReleases(history.record)).toContain(r(1))
  })
})
