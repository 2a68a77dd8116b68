import { describe, expect, it } from 'vitest'
import { type FakeStore, fakeRepository, fakeStore } from '../../test/fakes/data-store.ts'
import { SETTINGS } from '../../test/fakes/environment.ts'
import { r } from '../../test/fakes/history.ts'
import { People } from '../../test/fakes/people.ts'
import { isHealthy } from '../cli/render/doctor.ts'
import { toErrorRecord } from '../domain/errors.ts'
import { parseDataServiceName } from '../domain/ids.ts'
import { deploy, prepareDeploy } from './deploy.ts'
import { examine, repair } from './doctor.ts'
import type { Environment } from './environment.ts'
import { prepareRollback } from './rollback.ts'
import { status } from './status.ts'

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
    expect(await people.type('ann', examine)).toEqual({ drift: [], shortcomings: [], unanswered: [] })
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

describe('doctor looks at what operations will run into', () => {
  const DATA = parseDataServiceName('db')

  async function withData(change: Partial<FakeStore> = {}): Promise<People> {
    const people = await deployed()
    people.world.data.set(DATA, { ...fakeStore(), ...change })
    return people
  }

  it('what edge, runtime and database say of themselves, each with where and with its hint', async () => {
    const people = await withData()
    const missing = { message: 'veza-edge has no socat', hint: 'apt-get install socat' }
    const log = { message: 'a log is long', hint: 'logrotate', isAdvice: true } as const
    const wal = { message: 'wal_keep_size is 0', hint: 'raise it', isAdvice: true } as const
    people.world.shortcomings.edge = [missing]
    people.world.shortcomings.runtime = [log]
    people.world.data.get(DATA)?.containers.get('data')?.server.shortcomings.push(wal)
    expect(await people.type('ann', examine)).toEqual({
      drift: [],
      shortcomings: [
        { where: 'edge', ...missing },
        { where: 'instances', ...log },
        { where: 'db', ...wal },
      ],
      unanswered: [],
    })
    expect((await people.type('ann', status)).shortcomings).toEqual([log])
  })

  it('backups that would give nothing back', async () => {
    const people = await withData({ repository: fakeRepository() })
    const lacking = { where: 'db', message: 'no backup in the stanza', hint: 'pgbackrest backup' }
    expect((await people.type('ann', examine)).shortcomings).toEqual([lacking])
  })

  it.each([
    ['storage that takes no snapshot at one moment', { isAtomic: false }, /would not be one moment/],
    ['a pool with too little room', { freeBytes: 10 }, /has 10 bytes free, and at least 1000/],
  ])('what phase B would refuse: %s', async (_what, change, message) => {
    const people = await withData(change)
    const snapshots = { ...SETTINGS.snapshots, minFreeBytes: 1_000 }
    const { shortcomings } = await people.type('ann', examine, { snapshots })
    expect(shortcomings).toEqual([{ where: 'db', message: expect.stringMatching(message), hint: expect.anything() }])
  })

  it('a database that does not answer in a container that runs is said once, and nothing is asked of one in a stopped one', async () => {
    const people = await withData()
    const store = people.world.data.get(DATA)
    const live = store?.containers.get('data')
    if (store === undefined || live === undefined) throw new Error('there is no data')
    live.server.isRunning = false
    const first = await people.type('ann', examine)
    expect(first.shortcomings).toMatchObject([{ where: 'db', message: 'shop does not answer' }])
    store.containers.set('data', { ...live, isRunning: false })
    const second = await people.type('ann', examine)
    expect(second.shortcomings).toMatchObject([{ where: 'db', message: /data is stopped/ }])
  })

  it('I9: it ends although nobody answers, and names each of them', async () => {
    const people = await withData({ isDown: true })
    people.world.edgeHangs = () => true
    const { world } = people
    const never = <T>() => new Promise<T>(() => undefined)
    const before = world.clock.nowMs
    const report = await people.type('ann', (environment) =>
      examine({ ...environment, runtime: { ...environment.runtime, list: never, shortcomings: never } }),
    )
    expect(report.unanswered.map(({ where, error }) => [where, error.code])).toEqual([
      ['edge', 'edge-unknown'],
      ['instances', 'no-answer'],
      ['db', 'data-unknown'],
    ])
    expect(report).toMatchObject({ drift: [], shortcomings: [] })
    expect(world.clock.nowMs - before).toBeLessThanOrEqual(15_000)
  })

  it('advice leaves it healthy; a shortcoming, a difference, and what was not seen do not', () => {
    const well = { drift: [], shortcomings: [], unanswered: [] }
    const one = { where: 'edge', message: '', hint: '' }
    expect(isHealthy({ ...well, shortcomings: [{ ...one, isAdvice: true }] })).toBe(true)
    expect(isHealthy({ ...well, shortcomings: [one] })).toBe(false)
    expect(isHealthy({ ...well, unanswered: [{ where: 'edge', error: toErrorRecord(new Error('x')) }] })).toBe(false)
    expect(isHealthy({ ...well, drift: [{ code: 'edge-down', message: '', repair: 'person' }] })).toBe(false)
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
