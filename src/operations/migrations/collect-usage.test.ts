import { describe, expect, it } from 'vitest'
import { r } from '../../../test/fakes/history.ts'
import { People } from '../../../test/fakes/people.ts'
import { fakeRelease, withMigrations } from '../../../test/fakes/releases.ts'
import type { RecordedStatement } from '../../domain/compatibility/usage.ts'
import type { Database } from '../../ports/database.ts'
import { deploy, prepareDeploy } from '../deploy.ts'
import type { Environment } from '../environment.ts'
import { subjectOfRelease } from './check/subject-of-release.ts'
import { collectUsage, type UsageSource } from './collect-usage.ts'

const USERS = { '0001_users.sql': 'CREATE TABLE users (id bigint PRIMARY KEY, nick text)' }
const DROP = { '0002_drop_nick.sql': 'ALTER TABLE users DROP COLUMN nick' }

/** `r(1)` is live; `r(2)` drops a column of it. */
async function world(): Promise<People> {
  const people = new People()
  people.world.releases.set(r(1), withMigrations(fakeRelease(r(1), 'good'), USERS))
  people.world.releases.set(r(2), withMigrations(fakeRelease(r(2), 'good'), { ...USERS, ...DROP }))
  await people.type('ann', deployed(1))
  return people
}

const deployed = (n: number) => async (environment: Environment) =>
  deploy(environment, await prepareDeploy(environment, { sha: r(n), again: false, reason: null }))

const collected =
  (source: UsageSource, merge = false) =>
  (environment: Environment) =>
    collectUsage(environment, { sha: r(1), source, merge })

function recording(...texts: readonly string[]): UsageSource {
  const statements = texts.map((text): RecordedStatement => ({ text, calls: 1, parameterTypes: [], samples: [] }))
  return { kind: 'recording', statements, leftOut: 0 }
}

function log(...texts: readonly string[]): UsageSource {
  return { kind: 'log', lines: texts.map((text) => `LOG:  statement: ${text}`) }
}

function statistics(...texts: readonly string[]): UsageSource {
  const askedStatements: Database['askedStatements'] = async () => ({
    statements: texts.map((text) => ({ text, calls: 9 })),
    thrownOut: 0,
  })
  return { kind: 'pg_stat_statements', database: { askedStatements }, role: null }
}

describe('what a release asks, at the gate', () => {
  it('a release that reads the column keeps it, and the refusal says in how many queries', async () => {
    const people = await world()
    await people.type('ann', collected(recording('SELECT nick FROM users', 'SELECT id FROM users')))
    await expect(people.type('ann', deployed(2))).rejects.toMatchObject({
      code: 'breaks-releases',
      details: expect.arrayContaining([expect.stringContaining('1 of its 2 known queries does')]),
    })
  })

  it('a release that never reads it is kept back by nothing, and the verdict says why', async () => {
    const people = await world()
    await people.type('ann', collected(log('SELECT id FROM users WHERE id = 7')))
    expect(await people.type('ann', deployed(2))).toMatchObject({ outcome: 'done' })
  })

  it('statistics that threw something out clear nothing', async () => {
    const people = await world()
    const statements = [{ text: 'SELECT id FROM users', calls: 1 }]
    const database = { askedStatements: async () => ({ statements, thrownOut: 3 }) }
    await people.type('ann', collected({ kind: 'pg_stat_statements', database, role: null }))
    expect(people.world.usage.get(r(1))?.leftOut).toBe(3)
    await expect(people.type('ann', deployed(2))).rejects.toMatchObject({ code: 'breaks-releases' })
  })

  it('what could not be kept clears nothing', async () => {
    const people = await world()
    await people.type('ann', collected(log('SELECT id FROM users', 'CALL nightly()')))
    await expect(people.type('ann', deployed(2))).rejects.toMatchObject({ code: 'breaks-releases' })
  })
})

describe('collecting', () => {
  it('names what the queries use, by the schema of the release, and keeps no constant of a log', async () => {
    const people = await world()
    const { usage, left } = await people.type('ann', collected(log("SELECT id FROM users WHERE nick = 'ann'", 'BEGIN')))
    expect(usage.uses).toEqual(['public.users', 'public.users.id', 'public.users.nick'])
    expect(usage.statements.map(({ text }) => text)).toEqual(['SELECT id FROM users WHERE nick = $1'])
    expect(left).toEqual({ others: 1, unkept: 0 })
    expect(people.world.usage.get(r(1))).toEqual(usage)
  })

  it('adds to what is kept when it is asked to, and the recorded query stays the one that can be run', async () => {
    const people = await world()
    await people.type('ann', collected(recording('SELECT id FROM users WHERE id = 1')))
    const { usage } = await people.type(
      'ann',
      collected(statistics('SELECT id FROM users WHERE id = $1', 'SELECT nick FROM users'), true),
    )
    expect(usage.statements.map(({ text }) => text)).toEqual([
      'SELECT id FROM users WHERE id = 1',
      'SELECT nick FROM users',
    ])
    expect(usage.source).toBe('recording, pg_stat_statements')
    const replaced = await people.type('ann', collected(statistics('SELECT nick FROM users')))
    expect(replaced.usage.statements).toHaveLength(1)
  })

  it('finds nothing: that is refused, and not kept as "asks nothing"', async () => {
    const people = await world()
    await expect(people.type('ann', collected(log('BEGIN')))).rejects.toMatchObject({ code: 'no-queries' })
    expect(people.world.usage.size).toBe(0)
  })
})

describe('what is checked of a published release', () => {
  it('is what it adds to what the journal has, against the window with the queries of each', async () => {
    const people = await world()
    await people.type('ann', collected(recording('SELECT nick FROM users')))
    const subject = await people.type('ann', (environment) => subjectOfRelease(environment, r(2)))
    expect(subject.history.map(({ name }) => name)).toEqual(['0001_users.sql'])
    expect(subject.pending.map(({ file }) => file.name)).toEqual(['0002_drop_nick.sql'])
    expect(subject.releases).toMatchObject([
      { name: r(1).slice(0, 12), usage: { statements: [{ text: 'SELECT nick FROM users' }] } },
    ])
  })

  it('is refused when it adds nothing', async () => {
    const people = await world()
    await expect(people.type('ann', (environment) => subjectOfRelease(environment, r(1)))).rejects.toMatchObject({
      code: 'no-pending',
    })
  })
})
