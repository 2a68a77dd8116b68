import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { History, r } from '../../../test/fakes/history.ts'
import { factsOf, release } from '../../../test/fakes/plan-facts.ts'
import type { BackflipError } from '../errors.ts'
import { goodReleases } from '../history/good.ts'
import { planRollback, rollbackTarget } from './rollback.ts'

const target = (history: History) => rollbackTarget(factsOf(history.record), null)

describe('rollbackTarget', () => {
  it('goes to the last release that was good, past a failed and a reverted one', () => {
    expect(target(new History().deploy(1).deploy(2).deploy(3, 'failed').deploy(4, 'reverted'))).toBe(r(1))
  })

  it('twice in a row goes further back and never to what was rolled away from', () => {
    const history = new History().deploy(1).deploy(2).deploy(3)
    expect(target(history)).toBe(r(2))
    history.rollback(2)
    expect(target(history)).toBe(r(1))
    history.rollback(1)
    expect(() => target(history)).toThrow(/was ever good/)
  })

  it('refuses what is live, what never served, and what was reverted', () => {
    const { record } = new History().deploy(1).deploy(2).deploy(3, 'reverted')
    expect(() => rollbackTarget(factsOf(record), r(2))).toThrow(/is what is live/)
    expect(() => rollbackTarget(factsOf(record), r(9))).toThrow(/is not a good release/)
    expect(() => rollbackTarget(factsOf(record), r(3))).toThrow(/is not a good release/)
  })

  it('says why a release is not good, and a next command that can work', () => {
    const refusedWith = (history: History, n: number) => {
      try {
        return { target: rollbackTarget(factsOf(history.record), r(n)) }
      } catch (error) {
        const { message, hint } = error as BackflipError
        return { message: message.replace(/^\w+ /, ''), hint }
      }
    }
    const base = () => new History().deploy(1).deploy(2)
    const markGood = `backflip releases mark-good ${r(3)} --reason TEXT`
    expect(refusedWith(base().deploy(3, 'failed'), 3)).toEqual({
      message: 'is not a good release here: it never got traffic',
      hint: 'backflip releases   (those that say good can be gone back to)',
    })
    expect(refusedWith(base().deploy(3, 'reverted'), 3)).toEqual({
      message: 'is not a good release here: it was reverted',
      hint: markGood,
    })
    expect(refusedWith(base().deploy(3).rollback(2), 3)).toEqual({
      message: 'is not a good release here: it was rolled away from',
      hint: markGood,
    })
  })

  it('takes no release for older because its SHA or build is: only the serving history counts', () => {
    expect(target(new History().deploy(5).deploy(2).deploy(9))).toBe(r(2))
  })

  it('for every history: the target was good, is not live, and going back again and again ends', () => {
    const event = fc.record({
      release: fc.integer({ min: 1, max: 6 }),
      outcome: fc.constantFrom('done' as const, 'failed' as const, 'reverted' as const),
    })
    fc.assert(
      fc.property(fc.array(event, { minLength: 1, maxLength: 12 }), (events) => {
        const history = new History()
        for (const { release: n, outcome } of events) {
          if (history.record.live?.sha === r(n)) continue
          history.deploy(n, history.record.live === null && outcome === 'reverted' ? 'failed' : outcome)
        }
        const seen = new Set<string>()
        for (let rounds = 0; ; rounds += 1) {
          expect(rounds).toBeLessThan(20)
          let sha: ReturnType<typeof r>
          try {
            sha = target(history)
          } catch {
            return
          }
          expect(goodReleases(history.record)).toContain(sha)
          expect(sha).not.toBe(history.record.live?.sha)
          expect(seen.has(sha)).toBe(false)
          seen.add(history.record.live?.sha ?? '')
          history.rollback(Number.parseInt(sha.charAt(0), 16))
        }
      }),
      { numRuns: 300 },
    )
  })
})

describe('planRollback', () => {
  const ask = { target: release(r(1)), live: release(r(2)), notReady: [] }

  it('auto is a flip when the standby color holds the target and is ready', () => {
    const plan = planRollback(factsOf(new History().deploy(1).deploy(2).record), { ...ask, mode: 'auto' })
    expect(plan.mode).toBe('fast')
    expect(plan.steps.map(({ id }) => id)).toEqual([
      'check-instances',
      'preview-release',
      'observe-edge',
      'flip-edge',
      'record-active',
      'probe-public',
      'drain-old',
    ])
    expect(plan.steps.find(({ id }) => id === 'flip-edge')?.pivot).toBe(true)
  })

  it('fast is refused loudly, with each reason and the next command; auto then says full and why', () => {
    const facts = factsOf(new History().deploy(1).deploy(2).record)
    const notReady = ['hello-local-web-blue: stopped']
    expect(() => planRollback(facts, { ...ask, notReady, mode: 'fast' })).toThrow(/fast rollback refused/)
    const plan = planRollback(facts, { ...ask, notReady, mode: 'auto' })
    expect(plan.mode).toBe('full')
    expect(plan.because).toEqual(notReady)
    expect(plan.steps.map(({ id }) => id)).not.toContain('run-migration')
  })

  it('a good release that was launched again and failed: fast is refused, because those instances were never proved', () => {
    const { record } = new History().deploy(1).deploy(2).deploy(3).rollback(1, 'failed')
    const again = { target: release(r(1)), live: release(r(3)), notReady: [] }
    expect(() => planRollback(factsOf(record), { ...again, mode: 'fast' })).toThrow(
      expect.objectContaining({
        code: 'fast-closed',
        details: ['green holds 111111111111, which never got traffic (its rollback failed in check)'],
        hint: `backflip rollback ${r(1)} --mode full`,
      }),
    )
    expect(planRollback(factsOf(record), { ...again, mode: 'auto' })).toMatchObject({ mode: 'full', consumes: null })
  })

  it('is full when the standby color holds another release', () => {
    const history = new History().deploy(1).deploy(2).deploy(3, 'failed')
    const plan = planRollback(factsOf(history.record), { ...ask, mode: 'auto' })
    expect(plan.mode).toBe('full')
    expect(plan.because[0]).toContain('333333333333')
  })
})
