import { describe, expect, it } from 'vitest'
import { BEFORE_2, restored, Shop } from '../../../test/data/shop.ts'
import { operationId, r } from '../../../test/fakes/history.ts'
import { People } from '../../../test/fakes/people.ts'
import { fakeRelease } from '../../../test/fakes/releases.ts'
import type { Entry } from '../../domain/journal.ts'
import type { Journal, ReadRange } from '../../ports/journal.ts'
import { cleanup, prepareCleanup } from '../cleanup.ts'
import { deploy, prepareDeploy } from '../deploy.ts'
import type { Environment } from '../environment.ts'
import { freeze, unfreeze } from '../freeze.ts'
import { prepareRollback, rollback } from '../rollback.ts'
import { chooseWindow, type IncidentAsk } from './choose-window.ts'
import { reportIncident } from './report-incident.ts'

const LAST: IncidentAsk = { operation: null, sha: null, sinceMs: null, untilMs: null }

const deployed =
  (n: number, again = false) =>
  (environment: Environment) =>
    prepareDeploy(environment, { sha: r(n), again, reason: again ? 'again' : null }).then((plan) =>
      deploy(environment, plan),
    )
const wentBack = (reason: string | null) => (environment: Environment) =>
  prepareRollback(environment, { sha: null, mode: 'auto', reason }).then((plan) => rollback(environment, plan))

/** 1, 2 and 3 are good for every check, and people find that 3 is not. */
async function rolledBack(): Promise<People> {
  const people = new People().publish([1, 'good'], [2, 'good'], [3, 'good'], [4, 'bad-in-public'], [5, 'never-healthy'])
  for (const n of [1, 2, 3]) {
    await people.type('ann', deployed(n))
    await wait(people, 60_000)
  }
  await people.type('bob', wentBack('checkout is broken'))
  return people
}

/** Time passes, and nobody does anything. */
const wait = (people: People, ms: number) => people.type('ann', ({ clock }) => clock.sleep(ms))

const look = (people: People, ask: Partial<IncidentAsk> = {}) =>
  people.type('eve', (environment) => reportIncident(environment, { ...LAST, ...ask }))

async function reported(people: People, ask: Partial<IncidentAsk> = {}) {
  const { incident } = await look(people, ask)
  if (incident === null) throw new Error('there is nothing to report')
  return incident
}

const ids = (report: { readonly operations: readonly { readonly operation: string }[] }) =>
  report.operations.map(({ operation }) => operation)
const ticks = (report: Awaited<ReturnType<typeof reported>>) =>
  Object.fromEntries(report.checklist.map(({ id, isDone }) => [id, isDone]))

describe('what a report is about', () => {
  it('by default the last rollback, from the deploy that brought the bad release', async () => {
    const people = await rolledBack()
    const report = await reported(people)
    expect(report.about).toBe(operationId(4))
    expect(ids(report)).toEqual([operationId(3), operationId(4)])
    expect(report.impact.bad).toMatchObject([
      { sha: r(3), how: 'rolled-away', broughtBy: operationId(3), endedBy: operationId(4) },
    ])
    expect(report.impact.bad[0]?.liveMs).toBeGreaterThanOrEqual(60_000)
    expect(report.journal.anchor).toBe('agrees')
  })

  it('a deploy that reverted is an incident of its own, with the time that users saw it', async () => {
    const people = await rolledBack()
    await people.type('ann', (environment) => unfreeze(environment, 'mended'))
    const { seenMs } = await people.type('ann', deployed(4))
    const report = await reported(people)
    expect(ids(report)).toEqual([operationId(5)])
    expect(seenMs).not.toBeNull()
    expect(report.impact.bad).toMatchObject([{ sha: r(4), how: 'reverted', liveMs: seenMs }])
  })

  it('a rollback that was never verified: both releases were bad, and users still get the second', async () => {
    const people = await rolledBack()
    people.world.releases.set(r(1), fakeRelease(r(1), 'bad-in-public'))
    const ask = { sha: r(1), mode: 'full', reason: 'the second is bad too' } as const
    const end = await people.type('bob', async (environment) =>
      rollback(environment, await prepareRollback(environment, ask)),
    )
    expect(end.outcome).toBe('unsettled')
    const report = await reported(people)
    expect(report.impact.bad).toMatchObject([
      { sha: r(3), how: 'rolled-away' },
      { sha: r(2), how: 'rolled-away', endedBy: operationId(5) },
      { sha: r(1), how: 'not-verified', broughtBy: operationId(5), until: null, liveMs: null },
    ])
    expect(ticks(report)).toMatchObject({ serves: false, settled: true })
  })

  it('a restore: since when users saw the maintenance page, and until when', async () => {
    const shop = await Shop.open()
    await shop.type('ann', restored({ snapshot: BEFORE_2 }))
    const { impact } = await reported(shop)
    expect(impact.closed).toMatchObject([{ operation: operationId(3), until: expect.any(String) }])
    expect(impact.closed[0]?.closedMs).toBeGreaterThan(0)
  })

  it('two rollbacks in a row are one incident; after deploys were allowed again they are two', async () => {
    const people = await rolledBack()
    await people.type('bob', wentBack('still broken'))
    expect(ids(await reported(people))).toEqual([3, 4, 5].map(operationId))
    const other = await rolledBack()
    await other.type('ann', (environment) => unfreeze(environment, 'mended'))
    await other.type('bob', wentBack('something else'))
    expect(ids(await reported(other))).toEqual([operationId(5)])
  })

  it('an operation or a release that is named, and a stretch of time', async () => {
    const people = await rolledBack()
    expect((await reported(people, { operation: operationId(2) })).about).toBe(operationId(2))
    expect((await reported(people, { sha: r(3) })).about).toBe(operationId(4))
    const sinceMs = Date.parse('2026-01-01T00:01:00Z')
    const later = await reported(people, { sinceMs })
    expect(ids(later)).toEqual([2, 3, 4].map(operationId))
    await expect(look(people, { operation: operationId(9) })).rejects.toMatchObject({ code: 'no-such-operation' })
    await expect(look(people, { sha: r(9) })).rejects.toMatchObject({ code: 'never-deployed' })
  })

  it('nothing, when all went well: what was looked through is said', async () => {
    const people = new People().publish([1, 'good'])
    expect(await look(people)).toEqual({ incident: null, looked: { operations: 0, since: null } })
    await people.type('ann', deployed(1))
    expect(await look(people)).toMatchObject({ incident: null, looked: { operations: 1 } })
    const after = await rolledBack()
    await wait(after, 1_000)
    const sinceMs = Date.parse(after.world.clock.stamp())
    expect((await look(after, { sinceMs })).incident).toBeNull()
  })
})

describe('what the journal shows is ticked, and nothing else', () => {
  it('right after a rollback: users are served, and everything else is to be done', async () => {
    const people = await rolledBack()
    const report = await reported(people)
    expect(ticks(report)).toEqual({
      serves: true,
      settled: true,
      causes: false,
      'reviewed-fix': false,
      'deployed-fix': false,
      'logs-333333333333': false,
      'color-333333333333': false,
      thawed: false,
      'way-back': false,
      alert: false,
      told: false,
    })
    expect(report.open.map(({ what }) => what)).toEqual(['freeze', 'way-back'])
  })

  it('once the fix is deployed: with the deploy and the person as evidence', async () => {
    const people = await rolledBack()
    await people.type('ann', (environment) =>
      prepareCleanup(environment, { color: 'blue', force: false, reason: null }).then((plan) =>
        cleanup(environment, plan),
      ),
    )
    await people.type('ann', (environment) => unfreeze(environment, 'the fix is reviewed'))
    people.publish([6, 'good'])
    await people.type('ann', deployed(6))
    const report = await reported(people)
    expect(report.about).toBe(operationId(4))
    expect(ticks(report)).toMatchObject({
      'deployed-fix': true,
      'color-333333333333': true,
      thawed: true,
      'way-back': true,
      causes: false,
      'reviewed-fix': false,
      alert: false,
      told: false,
    })
    const evidence = Object.fromEntries(report.checklist.map(({ id, evidence: shown }) => [id, shown]))
    expect(evidence['deployed-fix']).toContain(operationId(6))
    expect(evidence.thawed).toContain('the fix is reviewed')
    expect(report.open).toEqual([])
  })
})

describe('a journal of a million entries', () => {
  /** Good deploys of four entries each, made when they are read. */
  function longJournal(entries: number) {
    let handed = 0
    const of = (n: number) => operationId(Math.ceil(n / 4))
    const entry = (seq: number): Entry => {
      const operation = of(seq)
      const at = new Date(Date.UTC(2026, 0, 1) + seq * 1_000).toISOString()
      const target = { color: 'blue' as const, sha: r(1 + (Math.ceil(seq / 4) % 15)) }
      const fact = [
        { kind: 'operation-finished', outcome: 'done', error: null, seenMs: null, tookMs: 1 },
        { kind: 'operation-started', plan: { operation, kind: 'deploy', target, from: null, steps: [] } },
        { kind: 'step-started', step: 'a', attempt: 1 },
        { kind: 'step-succeeded', step: 'a', output: null, effects: [], tookMs: 1, found: false },
      ][seq % 4] as unknown as Entry['fact']
      return { seq, at, token: 1, operation, actor: 'ann', fact, previous: '', hash: '' }
    }
    const read = async ({
      after = 0,
      before = entries + 1,
      limit = 1_000,
      newestFirst,
      operation,
      kinds,
    }: ReadRange = {}) => {
      const found: Entry[] = []
      const step = newestFirst === true ? -1 : 1
      for (
        let seq = step === 1 ? after + 1 : before - 1;
        seq > after && seq < before && found.length < limit;
        seq += step
      ) {
        if (operation !== undefined && of(seq) !== operation) continue
        const one = entry(seq)
        if (kinds?.includes(one.fact.kind) !== false) found.push(one)
      }
      handed += found.length
      return found
    }
    const head = async () => ({ seq: entries, hash: '' })
    return { journal: { read, head } as unknown as Journal, handed: () => handed }
  }

  it('costs what is asked of it: the last 2,000 operations at most, and a stretch of time by halving', async () => {
    const { journal, handed } = longJournal(1_000_000)
    const last = await chooseWindow(journal, LAST, null)
    expect(last).toMatchObject({ window: null })
    expect(last.looked.operations).toBeLessThan(2_000 + 512)
    const nothing = handed()
    expect(nothing).toBeLessThan(6_000)
    const sinceMs = Date.UTC(2026, 0, 1) + 400_000 * 1_000
    const window = await chooseWindow(journal, { ...LAST, sinceMs, untilMs: sinceMs + 40_000, sha: r(5) }, null)
    expect(window.window?.about.seq).toBeGreaterThanOrEqual(400_000)
    expect(window.window?.lastSeq).toBe(400_040)
    expect(handed() - nothing).toBeLessThan(200)
  })
})

describe('whatever state the environment is in', () => {
  it('a failed migration: what failed, what users saw of it, and that nobody knows the schema', async () => {
    const people = new People().publish([1, 'good'])
    people.world.releases.set(r(2), fakeRelease(r(2), 'good', 'fails'))
    await people.type('ann', deployed(1))
    await people.type('ann', deployed(2))
    const report = await reported(people)
    expect(report.operations.at(-1)).toMatchObject({
      outcome: 'failed',
      failedIn: 'migrate',
      error: { code: 'migration-failed' },
    })
    expect(report.impact).toEqual({ bad: [], closed: [] })
  })

  it('an operation whose process died is told as open', async () => {
    const people = new People().publish([1, 'good'], [2, 'never-healthy'])
    await people.type('ann', deployed(1))
    const { environment, operator } = people.process('ann')
    deployed(2)(environment).catch(() => undefined)
    while (people.world.instancesOf('green').length === 0) await new Promise((done) => setImmediate(done))
    operator.dead = true
    const report = await reported(people)
    expect(report.about).toBe(operationId(2))
    expect(report.operations.at(-1)).toMatchObject({ operation: operationId(2), outcome: 'open', finishedAt: null })
    expect(report.open).toMatchObject([{ what: 'operation', next: expect.stringContaining('backflip resume') }, {}])
  })

  it('frozen by a person, with an edge that does not answer: the journal is told, and what was not seen is said', async () => {
    const people = await rolledBack()
    await people.type('bob', (environment) => freeze(environment, 'nobody deploys'))
    people.world.edgeHangs = () => true
    const report = await reported(people)
    expect(report.journal.anchor).toBe('not-seen')
    expect(report.timeline.at(-1)?.text).toBe('deploys frozen: nobody deploys')
  })

  it('I8: a journal that was cut is said to be cut', async () => {
    const people = await rolledBack()
    const file = people.world.edge.file
    if (file === null) throw new Error('the edge has no file')
    people.world.edge.file = { ...file, anchor: { ...file.anchor, seq: file.anchor.seq + 1_000 } }
    expect((await reported(people)).journal.anchor).toBe('cut')
  })

  it('changes nothing', async () => {
    const people = await rolledBack()
    const before = await people.journal.head()
    const seen: string[] = []
    people.world.onChange = ({ what }) => void seen.push(what)
    await reported(people)
    expect(await people.journal.head()).toEqual(before)
    expect(seen).toEqual([])
  })
})
