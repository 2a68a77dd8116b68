import { describe, expect, it } from 'vitest'
import { History, r } from '../../../test/fakes/history.ts'
import { factsOf } from '../../../test/fakes/plan-facts.ts'
import { planCleanup } from './cleanup.ts'

const plain = { color: null, force: false }

describe('planCleanup', () => {
  it('I2: never the live color, not even with --force and a reason', () => {
    const { record } = new History().deploy(1).deploy(2)
    const facts = factsOf(record, { reason: 'I want to' })
    expect(() => planCleanup(facts, { color: 'green', force: true })).toThrow(/is live and serves 222222222222/)
  })

  it('I6: the fast way back to a good release only with --force and a reason, and then the plan names it', () => {
    const { record } = new History().deploy(1).deploy(2)
    expect(() => planCleanup(factsOf(record), plain)).toThrow(/the fast way back to 111111111111/)
    expect(() => planCleanup(factsOf(record, { reason: 'memory' }), plain)).toThrow(/the fast way back/)
    expect(() => planCleanup(factsOf(record), { ...plain, force: true })).toThrow(/the fast way back/)
    expect(planCleanup(factsOf(record, { reason: 'memory' }), { ...plain, force: true })).toMatchObject({
      consumes: 'the fast way back to 111111111111 on blue',
      steps: [{ id: 'empty-color', params: { color: 'blue' } }],
    })
  })

  it('a color kept after a failure goes without force, also when it holds a good release that failed this time', () => {
    const failed = new History().deploy(1).deploy(2).deploy(3, 'failed')
    expect(planCleanup(factsOf(failed.record), plain)).toMatchObject({ consumes: null })
    const again = new History().deploy(1).deploy(2).deploy(3).rollback(1, 'failed')
    expect(again.record.colors.green.sha).toBe(r(1))
    expect(planCleanup(factsOf(again.record), plain)).toMatchObject({ consumes: null })
  })

  it('decides nothing while edge and journal disagree about what is live', () => {
    const { record } = new History().deploy(1).deploy(2)
    const edge = { live: 'blue' as const, candidate: null, share: 0, generation: 7 }
    expect(() => planCleanup(factsOf(record, { edge }), plain)).toThrow(/the journal says green/)
  })
})
