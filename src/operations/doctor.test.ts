import { describe, expect, it } from 'vitest'
import { r } from '../../test/fakes/history.ts'
import { People } from '../../test/fakes/people.ts'
import { deploy, prepareDeploy } from './deploy.ts'
import { examine, repair } from './doctor.ts'
import type { Environment } from './environment.ts'
import { prepareRollback } from './rollback.ts'

const plan = (environment: Environment, n: number) =>
  prepareDeploy(environment, { sha: r(n), again: false, reason: null })

async function deployed(): Promise<People> {
  const people = new People().publish([1, 'good'], [2, 'good'])
  await people.type('ann', async (environment) => deploy(environment, await plan(environment, 1)))
  return people
}

describe('doctor', () => {
  it('finds nothing when journal, edge and instances agree', async () => {
    const people = await deployed()
    expect(await people.type('ann', examine)).toEqual({ drift: [], repaired: [] })
  })

  it('never guesses which color is live: with that disputed it mends nothing', async () => {
    const people = await deployed()
    people.world.edge.memory = { ...people.world.edge.memory, live: 'green' }
    people.world.edge.activeColor = 'purple'
    expect(await people.type('ann', repair)).toMatchObject({
      drift: [{ code: 'live-differs', repair: 'person' }],
      repaired: [],
    })
    expect(people.world.edge.activeColor).toBe('purple')
  })

  it('an operation that is open is what it says, not that all agrees; and it repairs nothing then', async () => {
    const people = await deployed()
    const ann = people.process('ann')
    const lost = deploy(ann.environment, await plan(ann.environment, 2))
    lost.catch(() => undefined)
    while (people.world.instancesOf('green').length === 0) await new Promise((done) => setImmediate(done))
    ann.operator.dead = true
    expect(await people.type('bob', examine)).toMatchObject({
      drift: [{ code: 'operation-open', repair: 'person', next: expect.stringContaining('backflip abort') }],
    })
    await expect(people.type('bob', repair)).rejects.toMatchObject({ code: 'operation-open' })
  })
})

describe('before the first deploy, with no edge yet', () => {
  it('a rollback says that nothing is live, not that the edge is down', async () => {
    const people = new People()
    people.world.edge.running = false
    await expect(
      people.type('ann', (environment) => prepareRollback(environment, { sha: null, mode: 'auto', reason: null })),
    ).rejects.toMatchObject({ code: 'nothing-live', kind: 'refused', hint: 'backflip deploy SHA' })
  })
})
