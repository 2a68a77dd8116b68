import { beforeEach, describe, expect, it } from 'vitest'
import { r } from '../../test/fakes/history.ts'
import { People } from '../../test/fakes/people.ts'
import { adopt } from './adopt.ts'
import { breakLock } from './break-lock.ts'
import { deploy, prepareDeploy } from './deploy.ts'
import type { Environment } from './environment.ts'
import { markGood } from './mark-good.ts'
import { loadRecord } from './record.ts'
import { prepareRollback, rollback } from './rollback.ts'
import { status } from './status.ts'
import { down } from './up-down.ts'

const planBack = (environment: Environment) =>
  prepareRollback(environment, { sha: null, mode: 'fast', reason: 'checkout is broken' })
const goBack = async (environment: Environment) => rollback(environment, await planBack(environment))

let people: People
beforeEach(async () => {
  people = new People().publish([1, 'good'], [2, 'good'])
  for (const n of [1, 2])
    await people.type('ann', async (environment) =>
      deploy(environment, await prepareDeploy(environment, { sha: r(n), again: false, reason: null })),
    )
})

const silent = () => {
  people.world.runtimeIsSilent = () => true
}
const live = async () => (await loadRecord(people.journal)).live?.sha
const fastWay = async () => (await people.type('eve', status)).readiness.fast

/** `down` of a process that is stopped when the edge is, and before the instances are; its lock is broken, and the edge is started by hand. */
async function stoppedInTheMiddle(host?: string) {
  const { operator, environment } = people.process('bob', {}, host)
  const { runtime } = environment
  const held = Promise.withResolvers<void>()
  let reached = false
  const stop: typeof runtime.stop = async (ask) => {
    reached = true
    await held.promise
    return runtime.stop(ask)
  }
  const ended = down({ ...environment, runtime: { ...runtime, stop } })
  ended.catch(() => undefined)
  for (let turns = 0; turns < 1_000 && !reached; turns += 1) await new Promise((done) => setImmediate(done))
  expect(reached).toBe(true)
  silent()
  await people.type('eve', (one) => breakLock(one, 'it hangs'))
  people.world.restartEdge()
  return { operator, goOn: () => held.resolve(), ended }
}

describe('a fast rollback that the runtime cannot be told of', () => {
  it('goes back by the edge alone when nobody is left whom the runtime would have to keep out', async () => {
    const before = people.world.runtime.fence
    silent()
    expect(await fastWay()).toMatchObject({ open: true, sha: r(1) })
    const plan = await people.type('eve', planBack)
    expect(plan.because).toContain(
      'its instances are not seen (the runtime does not answer): each is asked before the switch',
    )
    expect(await people.type('eve', (environment) => rollback(environment, plan))).toMatchObject({ outcome: 'done' })
    expect(await live()).toBe(r(1))
    expect(people.world.runtime.fence).toBe(before)
    const begun = (await people.journal.read({ kinds: ['operation-started'], newestFirst: true }))[0]
    expect(begun?.fact).toMatchObject({ untold: 'the runtime does not answer' })
  })

  it('that it was not told of the first is no proof for the second', async () => {
    const { operator } = await stoppedInTheMiddle()
    operator.dead = true
    await people.type('eve', goBack)
    await people.type('eve', (environment) => markGood(environment, r(2), 'it was not its fault'))
    // Whoever asks now sees it live.
    operator.dead = false
    await expect(
      people.type('eve', (environment) => prepareRollback(environment, { sha: r(2), mode: 'fast', reason: null })),
    ).rejects.toMatchObject({
      code: 'fast-closed',
      details: [expect.stringContaining('bob, process')],
    })
  })

  it('I2: waits while a process that was stopped in the middle could end the color that becomes live', async () => {
    const { operator, goOn, ended } = await stoppedInTheMiddle()
    const who = `bob, process ${operator.pid} on host-1, may still change the instances`
    expect(await fastWay()).toMatchObject({ open: false, reasons: [`the runtime does not answer, and ${who}`] })
    await expect(people.type('eve', planBack)).rejects.toMatchObject({ code: 'fast-closed' })
    // The runtime fell silent only after the plan was made.
    people.world.runtimeIsSilent = () => false
    const plan = await people.type('eve', planBack)
    silent()
    const run = (environment: Environment) => rollback(environment, plan)
    await expect(people.type('eve', run)).rejects.toMatchObject({
      code: 'runtime-untold',
      details: [who, expect.any(String)],
    })
    expect(await live()).toBe(r(2))
    // It was right to wait: it goes on, and its order is taken.
    people.world.runtimeIsSilent = () => false
    goOn()
    await people.settle(ended).catch(() => undefined)
    expect(people.world.instancesOf('blue').map(({ state }) => state)).toContain('stopped')
  })

  it('goes on once that process is gone', async () => {
    const { operator } = await stoppedInTheMiddle()
    operator.dead = true
    expect(await people.type('eve', goBack)).toMatchObject({ outcome: 'done' })
    expect(await live()).toBe(r(1))
  })

  it('waits for one of another host, dead or not', async () => {
    const { operator } = await stoppedInTheMiddle('host-2')
    operator.dead = true
    await expect(people.type('eve', planBack)).rejects.toMatchObject({
      code: 'fast-closed',
      details: [expect.stringContaining('on host-2')],
    })
  })

  it('waits when another journal had the environment since: who wrote there is not known here', async () => {
    await people.type('eve', (environment) => adopt(environment, 'its host is gone'))
    silent()
    await expect(people.type('eve', planBack)).rejects.toMatchObject({
      code: 'fast-closed',
      details: [expect.stringContaining('the journal does not say')],
    })
  })

  it('I7: is refused like any other when the runtime says that somebody newer is there', async () => {
    const plan = await people.type('eve', planBack)
    people.world.runtime.fence = 1_000
    await expect(people.type('eve', (environment) => rollback(environment, plan))).rejects.toMatchObject({
      code: 'fenced',
      kind: 'held',
    })
    expect(await live()).toBe(r(2))
  })
})
