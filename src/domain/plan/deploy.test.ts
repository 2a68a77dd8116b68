import { describe, expect, it } from 'vitest'
import { History, r } from '../../../test/fakes/history.ts'
import { factsOf, release } from '../../../test/fakes/plan-facts.ts'
import { planDeploy } from './deploy.ts'

const ids = (plan: { readonly steps: readonly { readonly id: string }[] }) => plan.steps.map(({ id }) => id)

describe('planDeploy', () => {
  it('I1: the first release goes to blue, with nothing to go back to', () => {
    const plan = planDeploy(factsOf(new History().record), { target: release(r(1)), live: null, again: false })
    expect(plan.target).toEqual({ color: 'blue', sha: r(1) })
    expect(plan.consumes).toBeNull()
    expect(ids(plan)).not.toContain('drain-old')
  })

  it('goes through the phases in their order, and flips only after every check', () => {
    const plan = planDeploy(factsOf(new History().deploy(1).record), {
      target: release(r(2)),
      live: release(r(1)),
      again: false,
    })
    expect(ids(plan)).toEqual([
      'fetch-artifacts',
      'verify-way-back',
      'check-room',
      'empty-color',
      'shape-edge',
      'unpack-release',
      'start-instances',
      'name-release',
      'check-instances',
      'preview-release',
      'observe-edge',
      'flip-edge',
      'record-active',
      'probe-public',
      'bake-release',
      'drain-old',
    ])
    expect(plan.steps.some(({ pivot }) => pivot === true)).toBe(false)
  })

  it('I2: the target is never the live color', () => {
    const plan = planDeploy(factsOf(new History().deploy(1).record), {
      target: release(r(2)),
      live: release(r(1)),
      again: false,
    })
    expect(plan.from?.color).toBe('blue')
    expect(plan.target?.color).toBe('green')
  })

  it('I6: names the fast way back that phase C consumes', () => {
    const plan = planDeploy(factsOf(new History().deploy(1).deploy(2).record), {
      target: release(r(3)),
      live: release(r(2)),
      again: false,
    })
    expect(plan.consumes).toBe('the fast way back to 111111111111 on blue')
  })

  it('refuses what is live, while frozen, and a release that was reverted unless asked again with a reason', () => {
    const live = new History().deploy(1)
    expect(() =>
      planDeploy(factsOf(live.record), { target: release(r(1)), live: release(r(1)), again: false }),
    ).toThrow(/what is live/)
    const frozen = new History().deploy(1).deploy(2).rollback(1)
    expect(() =>
      planDeploy(factsOf(frozen.record), { target: release(r(3)), live: release(r(1)), again: false }),
    ).toThrow(/frozen/)
    const reverted = new History().deploy(1).deploy(2, 'reverted')
    const ask = { target: release(r(2)), live: release(r(1)), again: true }
    expect(() => planDeploy(factsOf(reverted.record), { ...ask, again: false })).toThrow(/was reverted/)
    expect(() => planDeploy(factsOf(reverted.record), ask)).toThrow(/was reverted/)
    expect(planDeploy(factsOf(reverted.record, { reason: 'fixed the database' }), ask).target?.sha).toBe(r(2))
  })

  it('I3: plans nothing when edge and journal disagree about what is live', () => {
    const { record } = new History().deploy(1)
    const edge = { live: 'green' as const, candidate: null, share: 0, generation: 3 }
    expect(() =>
      planDeploy(factsOf(record, { edge }), { target: release(r(2)), live: release(r(1)), again: false }),
    ).toThrow(/the journal says blue/)
  })

  it('starts a release with the environment it had before, and a new one with today’s', () => {
    const { record } = new History().deploy(1)
    const plan = planDeploy(factsOf(record), { target: release(r(2)), live: release(r(1)), again: false })
    const start = plan.steps.find(({ id }) => id === 'start-instances')
    expect(start?.params).toMatchObject({ environment: { backend: { STAGE: 'test', NAME: 'backend' } } })
  })

  it('a release that was launched here before gets the environment and the digest it had then, not today’s', () => {
    const history = new History().deploy(1).deploy(2)
    const [first] = history.record.ledger
    if (first === undefined) throw new Error('the ledger is empty')
    const then = { backend: { STAGE: 'then' } }
    const record = { ...history.record, ledger: [{ ...first, environment: then }, ...history.record.ledger.slice(1)] }
    const ask = { live: release(r(2)), again: true }
    const paramsOf = (n: number, step: string) =>
      planDeploy(factsOf(record, { reason: 'x' }), { ...ask, target: release(r(n)) }).steps.find(
        ({ id }) => id === step,
      )?.params
    expect(paramsOf(1, 'start-instances')).toMatchObject({ environment: then })
    expect(paramsOf(1, 'fetch-artifacts')).toEqual({ sha: r(1), pinned: first.manifestSha256 })
    expect(paramsOf(3, 'start-instances')).toMatchObject({
      environment: { backend: { STAGE: 'test', NAME: 'backend' } },
    })
    expect(paramsOf(3, 'fetch-artifacts')).toEqual({ sha: r(3), pinned: null })
  })

  it('with a bake of 0 nothing is watched, and the public probe decides', () => {
    const facts = factsOf(new History().deploy(1).record)
    const settings = { ...facts.settings, verify: { ...facts.settings.verify, bakeMs: 0 } }
    const plan = planDeploy({ ...facts, settings }, { target: release(r(2)), live: release(r(1)), again: false })
    expect(ids(plan)).not.toContain('bake-release')
    expect(ids(plan)).toContain('probe-public')
  })
})
