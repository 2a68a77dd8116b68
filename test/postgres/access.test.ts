import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { BackflipError } from '../../src/domain/errors.ts'
import { postgresDatabase } from '../../src/drivers/postgres/database.ts'
import type { Transport } from '../../src/ports/transport.ts'
import { APP_ROLE, Cluster } from './cluster.ts'

describe('who may write', () => {
  let cluster: Cluster
  beforeAll(async () => {
    cluster = await Cluster.make()
    await cluster.sql('CREATE TABLE t (i int)', { role: APP_ROLE })
  })
  afterAll(() => cluster.close())
  const limits = async () =>
    (
      await cluster.sql("SELECT datname, datconnlimit FROM pg_database WHERE datname IN ('shop', 'second') ORDER BY 1")
    ).trim()

  it('every database of the server is closed, and gets back the limit it had', async () => {
    await cluster.sql('CREATE DATABASE second CONNECTION LIMIT 7', { database: 'postgres' })
    await cluster.database.stopWriters()
    expect(await limits()).toBe('second|0\nshop|0')
    for (const database of ['shop', 'second', 'postgres'])
      await expect(cluster.sql('SELECT 1', { role: APP_ROLE, database })).rejects.toThrow('too many connections')
    await cluster.crash()
    expect(await cluster.database.writers()).toMatchObject({ state: 'stopped' })
    await cluster.database.allowWriters()
    expect(await limits()).toBe('second|7\nshop|-1')
    await cluster.sql('INSERT INTO t VALUES (1)', { role: APP_ROLE })
  })

  it('a database that was made meanwhile is not overlooked', async () => {
    await cluster.database.stopWriters()
    await cluster.sql('CREATE DATABASE third', { database: 'postgres' })
    expect(await cluster.database.writers()).toMatchObject({ state: 'allowed' })
    await cluster.database.stopWriters()
    expect(await cluster.database.writers()).toEqual({ state: 'stopped', remaining: [] })
    await cluster.database.allowWriters()
  })

  it('who cannot be stopped is named, and nothing is claimed', async () => {
    await cluster.sql("BEGIN; INSERT INTO t VALUES (1); PREPARE TRANSACTION 'left';")
    await cluster.sql("CREATE SUBSCRIPTION sub CONNECTION 'host=/nowhere' PUBLICATION p WITH (connect = false)")
    await cluster.sql('ALTER SUBSCRIPTION sub ENABLE')
    await expect(cluster.database.stopWriters()).rejects.toMatchObject({
      code: 'writers-remain',
      kind: 'failed',
      details: expect.arrayContaining([
        expect.stringContaining('prepared transaction left in shop'),
        'subscription sub in shop is enabled',
      ]),
    })
    expect(await cluster.database.writers()).toMatchObject({ state: 'stopping' })
    await cluster.sql("ROLLBACK PREPARED 'left'")
    await cluster.sql('ALTER SUBSCRIPTION sub DISABLE')
    await cluster.sql('ALTER SUBSCRIPTION sub SET (slot_name = NONE)')
    await cluster.sql('DROP SUBSCRIPTION sub')
    expect(await cluster.database.writers()).toMatchObject({ state: 'stopped' })
    await cluster.database.allowWriters()
  })

  it('sessions are ended, the app’s and a superuser’s, and our own are not counted', async () => {
    const sessions = [await cluster.openSession(), await cluster.openSession('BEGIN;', 'postgres')]
    expect((await cluster.database.connections()).map(({ user, isSuperuser }) => [user, isSuperuser])).toEqual([
      [APP_ROLE, false],
      ['postgres', true],
    ])
    await cluster.database.stopWriters()
    expect(await cluster.database.connections()).toEqual([])
    await cluster.database.allowWriters()
    for (const session of sessions) await session.close()
  })
})

describe('a database that cannot be asked', () => {
  let cluster: Cluster
  beforeAll(async () => {
    cluster = await Cluster.make()
  })
  afterAll(() => cluster.close())

  it.each([
    ['no server behind the socket', { port: 5999 }, 'database-unreachable'],
    ['no such role', { role: 'nobody_here' }, 'database-no-right'],
    ['a role that is no superuser', { role: APP_ROLE }, 'database-no-right'],
    ['no such database', { database: 'absent' }, 'database-not-found'],
    ['tools that are not there', { binFolder: '/usr/lib/postgresql/0/bin' }, 'database-tools-missing'],
    ['no data folder', { dataFolder: '/var/lib/no-such-folder' }, 'database-not-found'],
  ])('%s: one clear error', async (_name, change, code) => {
    await expect(cluster.with(change).database.facts()).rejects.toMatchObject({ code, kind: 'failed' })
  })

  it('a server that takes the session and says nothing more: the limit ends the question', async () => {
    const transport = {
      ...cluster.host.transport,
      run: async () => {
        throw new BackflipError('psql took longer', { code: 'command-timeout', kind: 'failed' })
      },
    }
    const database = postgresDatabase({ ...cluster.host, transport })
    await expect(database.checkpoint()).rejects.toMatchObject({ code: 'database-timeout' })
    await expect(
      database.runSql({ text: 'SELECT 1', lockTimeoutMs: 1, statementTimeoutMs: 1, marker: 'm' }),
    ).rejects.toMatchObject({
      code: 'sql-outcome-unknown',
      kind: 'person',
    })
  })

  it('the version that the app’s own query says is read, also before there is a table for it', async () => {
    const database = cluster.with({ schemaVersionQuery: 'SELECT max(v) FROM "migrations"; -- :x' }).database
    expect((await database.facts()).schemaVersion).toBeNull()
    await cluster.sql("CREATE TABLE migrations (v text); INSERT INTO migrations VALUES ('0042_add_nick');")
    expect((await database.facts()).schemaVersion).toBe('0042_add_nick')
    const writes = cluster.with({ schemaVersionQuery: 'DELETE FROM migrations RETURNING v' }).database
    await expect(writes.facts()).rejects.toMatchObject({ code: 'database-error' })
  })

  it.each([
    'CREATE TABLE x (i int)',
    'ALTER TABLE x ADD COLUMN j int',
    'ALTER TABLE x ALTER j SET DEFAULT 3',
    'ALTER TABLE x ALTER j SET NOT NULL',
    'CREATE INDEX x_j ON x (j)',
    'ALTER TABLE x ADD CHECK (j > 0)',
    "CREATE TYPE mood AS ENUM ('good')",
    "ALTER TYPE mood ADD VALUE 'bad'",
    'CREATE VIEW v AS SELECT i FROM x',
    'CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$',
    'CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 2 $$',
    'CREATE SEQUENCE s',
    'ALTER TABLE x ENABLE ROW LEVEL SECURITY',
    'DROP TABLE x CASCADE',
  ])('the fingerprint of the schema changes with: %s', async (statement) => {
    const before = (await cluster.database.facts()).schemaFingerprint
    await cluster.sql(statement)
    expect((await cluster.database.facts()).schemaFingerprint).not.toBe(before)
  })

  it('the fingerprint does not change with rows, statistics, sessions or our own marker', async () => {
    const before = (await cluster.database.facts()).schemaFingerprint
    await cluster.database.mark('m')
    await cluster.sql(
      "INSERT INTO migrations VALUES ('0043'); ANALYZE; SELECT nextval('s'); SET search_path = pg_catalog;",
    )
    expect((await cluster.database.facts()).schemaFingerprint).toBe(before)
  })

  it('a restore point is a place in the log, and a name that is too long is refused by the server', async () => {
    expect(await cluster.database.restorePoint("pre-deploy-'; DROP TABLE migrations; --")).toMatch(
      /^[0-9A-F]+\/[0-9A-F]+$/,
    )
    await expect(cluster.database.restorePoint('x'.repeat(80))).rejects.toMatchObject({ code: 'database-error' })
  })
})

describe('what a server lacks for snapshots and restores', () => {
  const clusters: Cluster[] = []
  afterEach(async () => {
    for (const one of clusters.splice(0)) await one.close()
  })
  const make = async (options: Parameters<typeof Cluster.make>[0]) => {
    const made = await Cluster.make(options)
    clusters.push(made)
    return made
  }

  it('nothing where the log is kept, pages have checksums, and no superuser is connected', async () => {
    const { database } = await make({ settings: 'wal_keep_size = 64MB\n' })
    expect(await database.shortcomings()).toEqual([])
  })

  it('a log that nobody keeps, pages without checksums, and an app that is a superuser: advice, each with what to do', async () => {
    const cluster = await make({ checksums: false })
    const sessions = [await cluster.openSession(), await cluster.openSession('', 'postgres')]
    expect(await cluster.database.shortcomings()).toEqual([
      {
        message: expect.stringContaining('wal_keep_size is 0'),
        hint: expect.stringContaining('ALTER SYSTEM'),
        isAdvice: true,
      },
      {
        message: expect.stringContaining('no checksums'),
        hint: expect.stringContaining('pg_checksums'),
        isAdvice: true,
      },
      {
        message: expect.stringContaining('(postgres, psql)'),
        hint: expect.stringContaining('SUPERUSER'),
        isAdvice: true,
      },
    ])
    for (const session of sessions) await session.close()
  })

  it('the hint of the log works as it is printed', async () => {
    const cluster = await make({})
    const [log] = await cluster.database.shortcomings()
    // Each statement by itself, as a person types it: ALTER SYSTEM takes no transaction.
    await cluster.sql(log?.hint ?? '')
    await expect.poll(() => cluster.database.shortcomings()).toEqual([])
  })

  it('without amcheck no snapshot can be proved whole: that is no advice', async () => {
    const cluster = await make({ settings: 'wal_keep_size = 64MB\n' })
    const { transport } = cluster.host
    const run: Transport['run'] = (argv, ask) =>
      transport.run(argv, {
        ...ask,
        ...(ask.stdin === undefined ? {} : { stdin: ask.stdin.replace("'amcheck'", "'no_such'") }),
      })
    const [found, ...more] = await postgresDatabase({
      ...cluster.host,
      transport: { ...transport, run },
    }).shortcomings()
    expect(found).toEqual({
      message: expect.stringContaining('amcheck is not installed'),
      hint: expect.stringContaining('contrib'),
    })
    expect(more).toEqual([])
  })

  it('a server that is not there is no shortcoming but an error', async () => {
    const cluster = await make({})
    await expect(cluster.with({ port: 5999 }).database.shortcomings()).rejects.toMatchObject({
      code: 'database-unreachable',
    })
  })
})
