import { describe, expect, it } from 'vitest'
import { r } from '../../test/fakes/history.ts'
import { People } from '../../test/fakes/people.ts'
import { lockByPerson } from '../engine/lease.ts'
import type { Journal } from '../ports/journal.ts'
import { adopt } from './adopt.ts'
import { breakLock } from './break-lock.ts'
import { deploy, prepareDeploy } from './deploy.ts'
import { examine, repair } from './doctor.ts'
import type { Environment } from './environment.ts'
import { markGood } from './mark-good.ts'
import { loadRecord } from './record.ts'
import { abort } from './recover.ts'
import { refuseAnotherPast } from './same-past.ts'
import { status } from './status.ts'
import { down, up } from './up-down.ts'
import { verifyHistory } from './verify-history.ts'

const plan = (environment: Environment, n: number) =>
  prepareDeploy(environment, { sha: r(n), again: false, reason: null })
const deployed = (n: number) => async (environment: Environment) => deploy(environment, await plan(environment, n))

async function served(...releases: readonly number[]): Promise<People> {
  const people = new People().publish(...releases.map((n) => [n, 'good'] as const), [9, 'good'])
  for (const n of releases) await people.type('ann', deployed(n))
  return people
}

/** The same world as its people see it with another journal: an empty one, or an older copy of theirs. */
async function withJournalOf(people: People, copied: readonly number[]): Promise<People> {
  const other = await served(...copied)
  Object.assign(other.world.edge, people.world.edge)
  Object.assign(other.world.runtime, people.world.runtime)
  for (const [sha, release] of people.world.releases) other.world.releases.set(sha, release)
  return other
}

describe('I8: a journal that is not the one the edge saw last', () => {
  it('changes nothing, and the anchor that proves it stays', async () => {
    const older = await withJournalOf(await served(1, 2, 3), [1])
    const { anchor } = older.world.edge.file ?? { anchor: null }
    expect((await verifyHistory({ journal: older.journal, anchor })).anchor).toBe('cut')
    const wanted = { code: 'journal-differs', kind: 'person' }
    await expect(older.type('ann', deployed(9))).rejects.toMatchObject(wanted)
    expect(older.world.edge.file?.anchor).toBe(anchor)
  })

  it('neither does what makes no operation: up, down and a repair are refused, and the anchor stays', async () => {
    const older = await withJournalOf(await served(1, 2, 3), [1])
    const { anchor } = older.world.edge.file ?? { anchor: null }
    const changes: ((environment: Environment) => Promise<unknown>)[] = [up, down, repair]
    for (const change of changes) {
      await expect(older.type('ann', (environment) => change(environment))).rejects.toMatchObject({
        code: 'journal-differs',
      })
    }
    expect((await older.type('ann', examine)).drift).toMatchObject([
      { code: 'journal-differs', repair: 'person', next: expect.stringContaining('backflip adopt') },
    ])
    expect(older.world.edge.running).toBe(true)
    expect(older.world.edge.file?.anchor).toBe(anchor)
  })

  it('a lock can still be broken, because adopt needs the lease: the edge is left alone, and that is said', async () => {
    const older = await withJournalOf(await served(1, 2, 3), [1])
    const { anchor } = older.world.edge.file ?? { anchor: null }
    await older.type('bob', async ({ journal, liveness, actor }) =>
      lockByPerson({ journal, liveness, actor, message: 'at lunch' }),
    )
    expect(await older.type('ann', (environment) => breakLock(environment, 'bob is gone'))).toMatchObject({
      held: { message: 'at lunch' },
      generation: null,
      unfenced: { code: 'journal-differs', hint: expect.stringContaining('backflip adopt') },
    })
    expect(older.world.edge.file?.anchor).toBe(anchor)
    await expect(older.type('ann', (environment) => adopt(environment, 'the newest copy'))).resolves.toBeTruthy()
  })

  it('is told from one that only went on', async () => {
    const people = await served(1)
    const { anchor } = people.world.edge.file ?? { anchor: null }
    const refused = (journal: Journal, change = {}) =>
      refuseAnotherPast({ ...people.process('ann').environment, journal }, anchor && { ...anchor, ...change })
    await expect(refused(people.journal)).resolves.toBeUndefined()
    await expect(refused(people.journal, { hash: 'f'.repeat(64) })).rejects.toThrow(/not the one that the edge saw/)
    await expect(refused(people.journal, { seq: 9_999 })).rejects.toThrow(/not the one that the edge saw/)
  })
})

describe('adopt', () => {
  it('a lost journal is no dead end: a new one takes what the edge serves, and the next deploy goes out', async () => {
    const people = await withJournalOf(await served(1, 2), [])
    await expect(people.type('ann', deployed(9))).rejects.toMatchObject({ code: 'drift' })
    const found = await people.type('ann', (environment) => adopt(environment, 'the disk is gone'))
    expect(found).toMatchObject({ live: 'green', colors: { blue: { sha: r(1) }, green: { sha: r(2) } } })
    expect(await people.type('ann', status)).toMatchObject({
      drift: [],
      record: { live: { color: 'green', sha: r(2) }, colors: { blue: { is: 'started', sha: r(1) } } },
      // Nobody knows here how good the old one is.
      readiness: { fast: { open: false }, full: { open: false } },
    })
    await people.type('ann', (environment) => markGood(environment, r(2), 'it served for weeks'))
    expect(await people.type('ann', deployed(9))).toMatchObject({ outcome: 'done' })
    expect((await people.type('ann', status)).readiness.fast).toMatchObject({ open: true, sha: r(2) })
  })

  it('an older copy goes on from what the edge serves, and what it left open is not taken up', async () => {
    const people = await withJournalOf(await served(1, 2, 3), [1, 2])
    await people.type('ann', (environment) => adopt(environment, 'restored from yesterday'))
    expect(await loadRecord(people.journal)).toMatchObject({ open: null, live: { color: 'blue', sha: r(3) } })
    expect(await people.type('ann', deployed(9))).toMatchObject({ outcome: 'done' })
  })

  it('an older copy whose live color is the right one by chance still learns which release serves on it', async () => {
    const people = await withJournalOf(await served(1, 2, 3), [1])
    expect((await loadRecord(people.journal)).live).toMatchObject({ color: 'blue', sha: r(1) })
    await people.type('ann', (environment) => adopt(environment, 'restored from yesterday'))
    expect((await loadRecord(people.journal)).live).toMatchObject({ color: 'blue', sha: r(3) })
  })

  it('where journal and edge agree the journal keeps what it says', async () => {
    const people = await served(1, 2)
    expect(await people.type('ann', (environment) => adopt(environment, 'to be sure'))).toBeNull()
    expect((await loadRecord(people.journal)).served).toHaveLength(2)
  })

  it('in a whole journal an open operation is settled first', async () => {
    const people = await served(1)
    const ann = people.process('ann')
    deploy(ann.environment, await plan(ann.environment, 9)).catch(() => undefined)
    while (people.world.instancesOf('green').length === 0) await new Promise((done) => setImmediate(done))
    ann.operator.dead = true
    const adopting = () => people.type('bob', (environment) => adopt(environment, 'x'))
    await expect(adopting()).rejects.toMatchObject({ code: 'operation-open' })
    expect(await people.type('bob', (environment) => abort(environment))).toMatchObject({ outcome: 'aborted' })
    expect(await adopting()).toBeNull()
  })

  it('never guesses a release: instances of two launches are for a person', async () => {
    const people = await withJournalOf(await served(1, 2), [])
    const [first] = people.world.instancesOf('green')
    if (first !== undefined) people.world.runtime.instances.set(first.name, { ...first, sha: r(9) })
    await expect(people.type('ann', (environment) => adopt(environment, 'the disk is gone'))).rejects.toMatchObject({
      code: 'live-unknown',
      kind: 'person',
    })
  })
})
