import { describe, expect, it } from 'vitest'
import { fakeStore } from '../../test/fakes/data-store.ts'
import { r } from '../../test/fakes/history.ts'
import { People } from '../../test/fakes/people.ts'
import { fakeRelease, type Migration, type Variety, withMigrations } from '../../test/fakes/releases.ts'
import { verdictOf } from '../domain/compatibility/verdict.ts'
import { rollbackFloor } from '../domain/compatibility/window.ts'
import type { BackflipError } from '../domain/errors.ts'
import { fold } from '../domain/history/fold.ts'
import { unknownSchema } from '../domain/history/fold-schema.ts'
import { parseDataServiceName } from '../domain/ids.ts'
import { approve } from './approve.ts'
import { deploy, prepareDeploy } from './deploy.ts'
import type { Environment } from './environment.ts'
import type { OverrideAsk } from './override.ts'
import { loadRecord } from './record.ts'
import { prepareRollback, rollback } from './rollback.ts'
import { prepareRunSql, runSql } from './run-sql.ts'
import { schemaStatus } from './schema-status.ts'

const USERS = { '0001_users.sql': 'CREATE TABLE users (id bigint, nick text)' }
const STOP = { '0002_stop_reading_nick.sql': 'SELECT 1' }
const DROP = { '0003_drop_nick.sql': 'ALTER TABLE users DROP COLUMN nick' }
const BACK = 'ALTER TABLE users ADD COLUMN nick text'
const CONTRACT = {
  '0003_drop_nick.sql': '-- backflip:contract of=0002_stop_reading_nick.sql\nALTER TABLE users DROP COLUMN nick',
}

type Texts = { readonly [path: string]: string }

/** A world whose releases carry these migrations: the first is `r(1)`. Null: it does not say. */
function published(...releases: readonly (Texts | null)[]): People {
  const people = new People()
  for (const [at, texts] of releases.entries()) release(people, at + 1, texts)
  return people
}

function release(
  people: People,
  n: number,
  texts: Texts | null,
  variety: Variety = 'good',
  ends: Migration = 'succeeds',
) {
  const plain = fakeRelease(r(n), variety, ends)
  people.world.releases.set(r(n), texts === null ? plain : withMigrations(plain, texts))
}

const SECOND = { migrations: { secondPerson: true } }

const overriding = (changes: Partial<OverrideAsk> = {}): OverrideAsk => ({
  rules: ['drop-column'],
  reason: 'the old app is gone',
  inverse: { file: 'back.sql', text: BACK },
  hasNoInverse: false,
  expires: null,
  asks: true,
  ...changes,
})

const deployed =
  (n: number, override: OverrideAsk | null = null) =>
  async (environment: Environment) =>
    deploy(
      environment,
      await prepareDeploy(environment, { sha: r(n), again: false, reason: override?.reason ?? null, override }),
    )

const rolledBack =
  (n: number, override: OverrideAsk | null = null) =>
  async (environment: Environment) =>
    rollback(environment, await prepareRollback(environment, { sha: r(n), mode: 'auto', reason: null, override }))

const recordOf = ({ journal }: People) => loadRecord(journal)

async function verdicts(people: People): Promise<readonly (string | undefined)[]> {
  const record = await recordOf(people)
  return [1, 2, 3, 4].map((n) => verdictOf(record, r(n))?.verdict)
}

const served = (people: People) => people.world.edge.memory.live

describe('the gate of a deploy', () => {
  it('refuses what breaks the live release, before anything is done, with migration, line, statement and inverse', async () => {
    const people = published(USERS, { ...USERS, ...DROP, '0003_drop_nick.down.sql': BACK })
    await people.type('ann', deployed(1))
    const entries = (await people.journal.head()).seq
    await expect(people.type('ann', deployed(2))).rejects.toMatchObject({
      code: 'breaks-releases',
      kind: 'refused',
      details: expect.arrayContaining([
        '0003_drop_nick.sql, line 1: ALTER TABLE users DROP COLUMN nick',
        '  verified inverse: 0003_drop_nick.down.sql; the shape only: the values of users.nick are lost',
      ]),
    })
    expect((await people.journal.head()).seq).toBe(entries)
  })

  it('names no inverse that does not give the shape back', async () => {
    const people = published(USERS, { ...USERS, ...DROP, '0003_drop_nick.down.sql': 'SELECT 1' })
    await people.type('ann', deployed(1))
    await expect(people.type('ann', deployed(2))).rejects.toMatchObject({
      details: expect.arrayContaining(['  there is no inverse that was verified']),
    })
  })

  it('a contract waits until every release of the window has stopped using the old shape', async () => {
    const stopped = { ...USERS, ...STOP }
    const people = published(USERS, stopped, { ...stopped, ...CONTRACT }, stopped, stopped)
    await people.type('ann', deployed(1))
    await people.type('ann', deployed(2))
    await expect(people.type('ann', deployed(3))).rejects.toMatchObject({
      code: 'breaks-releases',
      message: expect.stringContaining('111111111111'),
    })
    // Three good releases later the first is no longer in the window.
    await people.type('ann', deployed(4))
    await people.type('ann', deployed(5))
    expect(await people.type('ann', deployed(3))).toMatchObject({ outcome: 'done' })
  })

  it('known usage keeps a contract back that the migrations alone would let pass', async () => {
    const stopped = { ...USERS, ...STOP }
    const people = published(stopped, { ...stopped, ...CONTRACT })
    await people.type('ann', deployed(1))
    const usage = {
      version: 1,
      sha: r(1),
      source: 'log',
      collectedAt: '2026-01-01T00:00:00Z',
      statements: [],
      leftOut: 0,
    } as const
    people.world.usage.set(r(1), { ...usage, uses: ['public.users.nick'] })
    await expect(people.type('ann', deployed(2))).rejects.toMatchObject({ code: 'breaks-releases' })
    people.world.usage.set(r(1), { ...usage, uses: ['public.users.id'] })
    expect(await people.type('ann', deployed(2))).toMatchObject({ outcome: 'done' })
  })

  it('a release whose predecessors say nothing of their migrations goes out, and the plan says that nobody knows', async () => {
    const people = published(null, { ...USERS, ...DROP })
    await people.type('ann', deployed(1))
    const plan = await people.type('ann', (environment) =>
      prepareDeploy(environment, { sha: r(2), again: false, reason: null }),
    )
    expect(plan.because.join('\n')).toContain('nobody knows which migrations are pending')
    expect(plan.because.join('\n')).toContain('111111111111 may fit the schema or not')
    expect(await people.type('ann', deployed(2))).toMatchObject({ outcome: 'done' })
  })

  it('says in the plan what is pending, what was edited, and who fits afterwards', async () => {
    const people = published(USERS, { '0001_users.sql': 'CREATE TABLE users (id int)', ...STOP })
    await people.type('ann', deployed(1))
    const { because, steps } = await people.type('ann', (environment) =>
      prepareDeploy(environment, { sha: r(2), again: false, reason: null }),
    )
    expect(because).toEqual(
      expect.arrayContaining([
        'pending: 0002_stop_reading_nick.sql',
        'edited after it was applied, so the database has what it said before: 0001_users.sql',
        'fits the schema afterwards: 111111111111',
      ]),
    )
    expect(steps.map(({ id }) => id)).toContain('judge-migrations')
  })

  it('a plan whose migrations are judged otherwise in phase A changes nothing: exit 3', async () => {
    const people = published(USERS, { ...USERS, ...STOP })
    await people.type('ann', deployed(1))
    const plan = await people.type('ann', (environment) =>
      prepareDeploy(environment, { sha: r(2), again: false, reason: null }),
    )
    release(people, 2, { ...USERS, ...DROP })
    const end = await people.type('ann', (environment) => deploy(environment, plan))
    expect(end).toMatchObject({ outcome: 'failed', error: { code: 'plan-outdated', kind: 'refused' } })
    expect(end.state.unwinding?.phase).toBe('prepare')
    expect((await recordOf(people)).schema).toMatchObject({ now: { sha: r(1) }, next: null })
  })

  it('deploying an older release again asks whether it fits, too', async () => {
    const people = published(USERS, { ...USERS, ...DROP })
    await people.type('ann', deployed(1))
    await people.type('ann', deployed(2, overriding()))
    await expect(people.type('ann', deployed(1))).rejects.toMatchObject({ code: 'breaks-releases' })
  })
})

describe('an override', () => {
  const dropped = () => published(USERS, { ...USERS, ...DROP })

  async function withOne(): Promise<People> {
    const people = dropped()
    await people.type('ann', deployed(1))
    return people
  }

  it('is kept with reason, inverse and who did it, is shown until it expires, and its inverse stays on this host', async () => {
    const people = await withOne()
    expect(await people.type('ann', deployed(2, overriding({ expires: '2999-12-31' })))).toMatchObject({
      outcome: 'done',
    })
    const record = await recordOf(people)
    const [shown] = schemaStatus(record, '2999-12-31')?.overrides ?? []
    expect(shown).toMatchObject({
      rules: ['drop-column'],
      reason: 'the old app is gone',
      actor: 'ann',
      releases: [r(1)],
    })
    expect(people.world.texts.get(shown?.inverse?.sha256 ?? '')).toBe(BACK)
    expect(schemaStatus(record, '3000-01-01')?.overrides).toEqual([])
  })

  it('is over when no release of the window lacks what it let pass', async () => {
    const people = await withOne()
    await people.type('ann', deployed(2, overriding()))
    for (const n of [3, 4]) {
      release(people, n, { ...USERS, ...DROP })
      await people.type('ann', deployed(n))
    }
    expect(schemaStatus(await recordOf(people), '2026-01-01')?.overrides).toEqual([])
  })

  it.each([
    ['no inverse', { inverse: null }, 'no-inverse'],
    [
      'an inverse that does not restore it',
      { inverse: { file: 'back.sql', text: 'SELECT 1' } },
      'inverse-not-verified',
    ],
    ['a rule that found nothing', { rules: ['drop-column', 'drop-table'] }, 'nothing-to-override'],
    ['another rule', { rules: ['drop-table'] }, 'nothing-to-override'],
    ['a day that is over', { expires: '2001-01-01' }, 'bad-day'],
    ['no day', { expires: '2026-02-31' }, 'bad-day'],
  ] as const)('%s: refused, and nothing is written', async (_name, changes, code) => {
    const people = await withOne()
    const entries = (await people.journal.head()).seq
    await expect(people.type('ann', deployed(2, overriding(changes)))).rejects.toMatchObject({ code })
    expect((await people.journal.head()).seq).toBe(entries)
  })

  it('without an inverse the plan says in capitals what that means', async () => {
    const people = await withOne()
    const override = overriding({ inverse: null, hasNoInverse: true })
    const { because } = await people.type('ann', (environment) =>
      prepareDeploy(environment, { sha: r(2), again: false, reason: 'x', override }),
    )
    expect(because.join('\n')).toContain('NO COMMAND BRINGS BACK')
    expect(because.join('\n')).toContain('THE LIVE RELEASE 111111111111 BREAKS')
  })

  it('with a second person: asked for once, refused to the one who asked, good for one operation', async () => {
    const people = await withOne()
    const run = () => people.type('ann', deployed(2, overriding()), SECOND)
    await expect(run()).rejects.toMatchObject({ code: 'needs-second-person' })
    const [request] = (await recordOf(people)).approvals
    const entries = (await people.journal.head()).seq
    await expect(run()).rejects.toMatchObject({ code: 'needs-second-person' })
    expect((await people.journal.head()).seq).toBe(entries)
    const key = request?.key ?? ''
    await expect(people.type('ann', (environment) => approve(environment, key))).rejects.toMatchObject({
      code: 'same-person',
    })
    await people.type('bob', (environment) => approve(environment, key.slice(0, 12)))
    await expect(people.type('ann', deployed(2, overriding({ reason: 'another' })), SECOND)).rejects.toMatchObject({
      code: 'needs-second-person',
    })
    expect(await run()).toMatchObject({ outcome: 'done' })
    const record = await recordOf(people)
    expect(record.overrides).toMatchObject([{ actor: 'ann', approvedBy: 'bob' }])
    expect(record.approvals.map((one) => one.key)).not.toContain(key)
  })

  it('a dry run asks nobody', async () => {
    const people = await withOne()
    const entries = (await people.journal.head()).seq
    await expect(people.type('ann', deployed(2, overriding({ asks: false })), SECOND)).rejects.toMatchObject({
      code: 'needs-second-person',
    })
    expect((await people.journal.head()).seq).toBe(entries)
  })
})

describe('the gate of a rollback', () => {
  async function broken(): Promise<People> {
    const people = published(USERS, { ...USERS, ...DROP })
    await people.type('ann', deployed(1))
    await people.type('ann', deployed(2, overriding()))
    return people
  }

  it('refuses a release that does not fit, fast and full, naming what breaks it, and leaves traffic alone', async () => {
    const people = await broken()
    const live = served(people)
    for (const mode of ['auto', 'fast', 'full'] as const) {
      const asked = people.type('ann', (environment) => prepareRollback(environment, { sha: null, mode, reason: null }))
      await expect(asked).rejects.toMatchObject({
        code: 'incompatible-release',
        kind: 'refused',
        details: expect.arrayContaining(['0003_drop_nick.sql, line 1: ALTER TABLE users DROP COLUMN nick']),
      })
    }
    expect(served(people)).toBe(live)
  })

  it('goes there with an override whose inverse is verified, and the journal says so', async () => {
    const people = await broken()
    await expect(
      people.type('ann', rolledBack(1, overriding({ inverse: { file: 'x.sql', text: 'SELECT 1' } }))),
    ).rejects.toMatchObject({ code: 'inverse-not-verified' })
    expect(await people.type('ann', rolledBack(1, overriding()))).toMatchObject({ outcome: 'done' })
    const { overrides, live } = await recordOf(people)
    expect(live?.sha).toBe(r(1))
    expect(overrides.at(-1)).toMatchObject({ releases: [r(1)], migrations: ['0003_drop_nick.sql'] })
  })

  it('judges each release by itself: past one that does not fit, an older one may', async () => {
    const people = published({}, USERS, { ...USERS, ...DROP })
    await people.type('ann', deployed(1))
    await people.type('ann', deployed(2))
    await people.type('ann', deployed(3, overriding()))
    expect(await verdicts(people)).toEqual(['compatible', 'incompatible', 'compatible', undefined])
    expect(rollbackFloor(await recordOf(people))).toBe(r(3))
    await expect(people.type('ann', rolledBack(2))).rejects.toMatchObject({ code: 'incompatible-release' })
    expect(await people.type('ann', rolledBack(1))).toMatchObject({ outcome: 'done' })
  })

  it('a migration that was applied counts, also when its release never got the traffic', async () => {
    const people = published(USERS)
    await people.type('ann', deployed(1))
    release(people, 2, { ...USERS, ...DROP }, 'never-healthy')
    expect(await people.type('ann', deployed(2, overriding()))).toMatchObject({ outcome: 'failed' })
    release(people, 3, USERS)
    await expect(people.type('ann', deployed(3))).rejects.toMatchObject({ code: 'breaks-releases' })
    release(people, 4, { ...USERS, ...STOP, ...DROP })
    expect(await people.type('ann', deployed(4))).toMatchObject({ outcome: 'done' })
    expect((await verdicts(people))[0]).toBe('incompatible')
  })

  it('what a release brought that the next does not carry stays known, with its text', async () => {
    const people = published(USERS, { ...USERS, ...STOP })
    await people.type('ann', deployed(1))
    release(people, 2, { ...USERS, ...STOP }, 'never-healthy')
    await people.type('ann', deployed(2))
    release(people, 3, USERS)
    expect(await people.type('ann', deployed(3))).toMatchObject({ outcome: 'done' })
    const { schema } = await recordOf(people)
    expect(schema.now).toMatchObject({ sha: r(3), extra: [{ name: '0002_stop_reading_nick.sql' }] })
    people.world.lost.add(r(2))
    people.world.cached.delete(r(2))
    people.world.releases.delete(r(2))
    release(people, 4, { ...USERS, '0004_x.sql': 'SELECT 2' })
    expect(await people.type('ann', deployed(4))).toMatchObject({ outcome: 'done' })
    expect(await verdicts(people)).toEqual(['compatible', undefined, 'compatible', 'compatible'])
  })

  it('while nobody knows how far a migration came, the worse verdict counts', async () => {
    const people = published(USERS)
    await people.type('ann', deployed(1))
    release(people, 2, { ...USERS, ...STOP })
    await people.type('ann', deployed(2))
    release(people, 3, { ...USERS, ...STOP, ...DROP }, 'good', 'fails')
    expect(await people.type('ann', deployed(3, overriding()))).toMatchObject({ outcome: 'failed' })
    expect((await recordOf(people)).schema).toMatchObject({ now: { sha: r(2) }, next: { sha: r(3) } })
    await expect(people.type('ann', rolledBack(1))).rejects.toMatchObject({ code: 'incompatible-release' })
  })

  it('an old release that says nothing of its migrations can be gone back to, and the plan says that nobody knows', async () => {
    const people = published(null, USERS)
    await people.type('ann', deployed(1))
    await people.type('ann', deployed(2))
    const plan = await people.type('ann', (environment) =>
      prepareRollback(environment, { sha: null, mode: 'auto', reason: null }),
    )
    expect(plan).toMatchObject({ mode: 'fast', target: { sha: r(1) } })
    expect(plan.because.join('\n')).toContain('111111111111 may fit the schema or not')
  })

  /** Tells how the rollback ended after somebody ran that SQL as the inverse. */
  async function afterTakingBack(text: string): Promise<string> {
    const people = published(USERS, { ...USERS, ...DROP })
    people.world.data.set(parseDataServiceName('db'), fakeStore())
    await people.type('ann', deployed(1))
    await people.type('ann', deployed(2, overriding()))
    const sql = { file: 'back.sql', text, service: null, reason: 'x', inverseOf: '0003_drop_nick.sql' }
    await people.type('ann', async (environment) => {
      const ask = { ...sql, lockTimeoutMs: 1_000, statementTimeoutMs: 1_000 }
      return runSql(environment, (await prepareRunSql(environment, ask)).plan)
    })
    return people.type('ann', rolledBack(1)).then(
      ({ outcome }) => outcome,
      (error: unknown) => (error as BackflipError).code,
    )
  }

  it('a migration that was taken back by hand no longer counts, when the SQL is its inverse', async () => {
    expect(await afterTakingBack(BACK)).toBe('done')
    expect(await afterTakingBack('SELECT 1')).toBe('incompatible-release')
  })

  it('after data went back nobody knows which migrations there are, and says so', async () => {
    const people = published(USERS, { ...USERS, ...STOP })
    await people.type('ann', deployed(1))
    const record = await recordOf(people)
    const service = parseDataServiceName('db')
    const { schema } = fold(record, {
      seq: record.seq + 1,
      at: '2026-02-01T00:00:00.000Z',
      token: 1,
      operation: record.live?.operation ?? null,
      actor: 'ann',
      fact: {
        kind: 'step-succeeded',
        step: 'swap-data',
        output: null,
        effects: [{ effect: 'data-replaced', service, from: 'copy', keptAs: 'kept' }],
        tookMs: 1,
        found: false,
      },
      previous: '',
      hash: '',
    })
    expect(schema).toEqual(unknownSchema('2026-02-01T00:00:00.000Z'))
    expect(schemaStatus({ ...record, schema }, '2026-01-01')).toMatchObject({
      sha: null,
      floor: null,
      releases: [{ verdict: 'unknown' }],
    })
  })

  it('a way back asks the journal alone: with every text and registry gone it stays open', async () => {
    const people = published(USERS, { ...USERS, ...STOP })
    await people.type('ann', deployed(1))
    await people.type('ann', deployed(2))
    for (const n of [1, 2]) {
      const known = people.world.releases.get(r(n))
      if (known !== undefined) people.world.releases.set(r(n), { ...known, migrationTexts: null })
      people.world.lost.add(r(n))
    }
    const end = await people.type('ann', rolledBack(1))
    expect(end).toMatchObject({ outcome: 'done' })
    expect(end.state.plan.because.join('\n')).toContain('fits the schema: it survives the migration since')
  })
})
