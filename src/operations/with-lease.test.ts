import { describe, expect, it } from 'vitest'
import { r } from '../../test/fakes/history.ts'
import { People } from '../../test/fakes/people.ts'
import { lockByPerson } from '../engine/lease.ts'
import { deploy, prepareDeploy } from './deploy.ts'
import type { Environment } from './environment.ts'
import { awaitTurn, withLease } from './with-lease.ts'

const MINUTE_MS = 60_000
const plan = (environment: Environment, n: number) =>
  prepareDeploy(environment, { sha: r(n), again: false, reason: null })

/** Ann's deploy of 2 runs, and is somewhere in the middle. */
async function whileAnnDeploys() {
  const people = new People().publish([1, 'good'], [2, 'good'], [3, 'good'])
  await people.type('ann', async (environment) => deploy(environment, await plan(environment, 1)))
  const ann = people.process('ann')
  const annsDeploy = deploy(ann.environment, await plan(ann.environment, 2)).finally(() => {
    ann.operator.finished = true
  })
  while ((await people.journal.lease()) === null) await new Promise((done) => setImmediate(done))
  return { people, annsDeploy }
}

describe('--lock-wait', () => {
  it('I7: waits for the other operation, plans from what it left, and runs', async () => {
    const { people, annsDeploy } = await whileAnnDeploys()
    const said: string[] = []
    const progress = { entry: () => undefined, say: (_step: string, text: string) => void said.push(text) }
    const end = await people.type('bob', async (environment) => {
      await awaitTurn(environment, { lockWaitMs: MINUTE_MS, progress })
      return deploy(environment, await plan(environment, 3))
    })
    expect((await annsDeploy).outcome).toBe('done')
    expect(end).toMatchObject({ outcome: 'done', state: { plan: { from: { sha: r(2) } } } })
    expect(said).toEqual([expect.stringMatching(/^waiting for ann: deploy 2{40}, since /)])
  })

  it('a plan that was made while the other one ran is refused, and nothing was changed', async () => {
    const { people, annsDeploy } = await whileAnnDeploys()
    const late = people.type('bob', async (environment) =>
      deploy(environment, await plan(environment, 3), { lockWaitMs: MINUTE_MS }),
    )
    await expect(late).rejects.toMatchObject({ code: 'plan-outdated', kind: 'refused' })
    expect((await annsDeploy).outcome).toBe('done')
  })

  it('without it, and when its time is over, the other one is told who, what and since when', async () => {
    const { people, annsDeploy } = await whileAnnDeploys()
    const held = { code: 'lease-held', kind: 'held', message: 'ann holds the environment' }
    const wait = (lockWaitMs: number) => people.type('bob', (environment) => awaitTurn(environment, { lockWaitMs }))
    await expect(wait(1)).rejects.toMatchObject(held)
    await expect(
      people.type('bob', (environment) => withLease(environment, 'freeze', {}, async () => undefined)),
    ).rejects.toMatchObject(held)
    await people.settle(annsDeploy)
  })

  it('ends at once on a lock that a person took', async () => {
    const people = new People()
    await people.type('ann', ({ journal, liveness, actor }) =>
      lockByPerson({ journal, liveness, actor, message: 'moving the dätabase' }),
    )
    const before = people.world.clock.nowMs
    await expect(
      people.type('bob', (environment) => awaitTurn(environment, { lockWaitMs: MINUTE_MS })),
    ).rejects.toMatchObject({ code: 'locked-by-person', message: 'ann locked the environment: moving the dätabase' })
    expect(people.world.clock.nowMs).toBe(before)
  })

  it('Ctrl-C ends the waiting', async () => {
    const { people, annsDeploy } = await whileAnnDeploys()
    const interrupt = new AbortController()
    const bob = people.process('bob').environment
    const waiting = withLease(bob, 'freeze', { lockWaitMs: MINUTE_MS, signal: interrupt.signal }, async () => 'done')
    interrupt.abort()
    await expect(people.settle(waiting)).rejects.toMatchObject({ code: 'interrupted' })
    expect((await people.settle(annsDeploy)).outcome).toBe('done')
  })

  it('a holder that is proved dead is not waited for', async () => {
    const { people } = await whileAnnDeploys()
    for (const operator of people.world.operators) operator.dead = true
    const before = people.world.clock.nowMs
    await people.type('bob', (environment) => awaitTurn(environment, { lockWaitMs: MINUTE_MS }))
    expect(people.world.clock.nowMs).toBe(before)
  })
})
