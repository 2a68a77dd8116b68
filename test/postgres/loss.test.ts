import { afterEach, describe, expect, it } from 'vitest'
import { otherDatabases } from '../../src/drivers/postgres/databases.ts'
import type { DataLoss } from '../../src/ports/database.ts'
import { Cluster } from './cluster.ts'

let clusters: Cluster[] = []
afterEach(async () => {
  for (const cluster of clusters) await cluster.close()
  clusters = []
})

async function make(settings = ''): Promise<Cluster> {
  const cluster = await Cluster.make({ settings })
  clusters.push(cluster)
  await cluster.sql('CREATE TABLE a (i int PRIMARY KEY, t text); CREATE TABLE b (i int); CREATE TABLE c (i int);')
  return cluster
}

function rowsOf(loss: DataLoss): Record<string, string> {
  return Object.fromEntries(
    loss.tables.map((table) => [
      `${table.database}.${table.name}`,
      `+${table.inserted} ~${table.updated} -${table.deleted}`,
    ]),
  )
}

describe('what would be lost, from the log', () => {
  it('every way of writing rows counts as often as rows are committed by it, and no other', async () => {
    const cluster = await make()
    await cluster.sql('INSERT INTO a SELECT g, g FROM generate_series(1, 100) g')
    const mark = await cluster.database.mark('m')
    await cluster.sql(`
COPY b FROM stdin;
1
2
3
\\.
CREATE TABLE made AS SELECT g FROM generate_series(1, 50) g;
BEGIN; INSERT INTO a VALUES (201); SAVEPOINT s; INSERT INTO a VALUES (202); ROLLBACK TO s;
SAVEPOINT z; INSERT INTO a VALUES (203); RELEASE z; COMMIT;
INSERT INTO a VALUES (201) ON CONFLICT DO NOTHING;
INSERT INTO a VALUES (204) ON CONFLICT (i) DO UPDATE SET t = 'x';
INSERT INTO a VALUES (204) ON CONFLICT (i) DO UPDATE SET t = 'y';
UPDATE a SET t = repeat('long ', 3000) WHERE i BETWEEN 1 AND 20;
DELETE FROM a WHERE i BETWEEN 91 AND 95;
SELECT * FROM a WHERE i = 1 FOR UPDATE;
BEGIN; INSERT INTO c VALUES (1); PREPARE TRANSACTION 'kept'; COMMIT PREPARED 'kept';
BEGIN; INSERT INTO c VALUES (2); PREPARE TRANSACTION 'gone'; ROLLBACK PREPARED 'gone';
CREATE TABLE short_lived (i int); INSERT INTO short_lived VALUES (1); DROP TABLE short_lived;
ANALYZE; VACUUM a;
CREATE INDEX ON a (t text_pattern_ops) WHERE i > 1000;`)
    const loss = await cluster.database.lossSince(mark)
    expect(loss).toMatchObject({ isExact: true, reservations: [], source: 'log' })
    expect(rowsOf(loss)).toEqual({
      'shop.public.a': '+3 ~21 -5',
      'shop.public.b': '+3 ~0 -0',
      'shop.public.c': '+1 ~0 -0',
      'shop.public.made': '+50 ~0 -0',
    })
    // COPY, CREATE AS, the savepoints, two of ON CONFLICT, UPDATE, DELETE, the prepared one, the short-lived row.
    expect(loss.transactions).toBe(9)
    expect(loss.commits).toBeGreaterThan(loss.transactions)
  })

  it('every database of the server counts: going back takes them all along', async () => {
    const cluster = await make()
    const odd = `"odd = 'x' \\ name"`
    await cluster.sql(`CREATE DATABASE ${odd}; CREATE DATABASE second;`, { database: 'postgres' })
    await cluster.sql('CREATE TABLE t (i int)', { database: 'second' })
    const mark = await cluster.database.mark('m')
    await cluster.sql('INSERT INTO t VALUES (1), (2)', { database: 'second' })
    expect(rowsOf(await cluster.database.lossSince(mark))).toEqual({ 'second.public.t': '+2 ~0 -0' })
    expect(await otherDatabases(cluster.host)).toEqual(["odd = 'x' \\ name", 'postgres', 'second'])
  })

  it('is not called exact when a table was truncated, or a transaction was open at the mark; and says which', async () => {
    const cluster = await make()
    await cluster.sql('INSERT INTO a SELECT g FROM generate_series(1, 10) g')
    const truncated = await cluster.database.mark('truncated')
    await cluster.sql('TRUNCATE a; INSERT INTO a VALUES (1);')
    expect(await cluster.database.lossSince(truncated)).toMatchObject({
      isExact: false,
      bound: 'about',
      reservations: ['shop.public.a was dropped, truncated or rewritten since: its rows from before are not counted'],
    })

    const session = await cluster.openSession('BEGIN; INSERT INTO b VALUES (1);', 'postgres')
    const open = await cluster.database.mark('open')
    await cluster.sql('INSERT INTO c VALUES (1)')
    expect(await cluster.database.lossSince(open)).toMatchObject({ isExact: true, transactions: 1 })
    await session.close('COMMIT;')
    expect(await cluster.database.lossSince(open)).toMatchObject({
      isExact: false,
      bound: 'at-least',
      reservations: ['1 transactions were open when the mark was made: what they wrote before it is not counted'],
    })
  })

  it('neither a crash nor a reset of the statistics changes the count, and unlogged tables are named', async () => {
    const cluster = await make()
    await cluster.sql('CREATE UNLOGGED TABLE cache (i int)')
    const mark = await cluster.database.mark('m')
    await cluster.sql('INSERT INTO a SELECT g FROM generate_series(1, 7) g')
    await cluster.crash()
    await cluster.sql('INSERT INTO b VALUES (1); SELECT pg_stat_reset();')
    const loss = await cluster.database.lossSince(mark)
    expect(loss).toMatchObject({ isExact: true, source: 'log', transactions: 2 })
    expect(rowsOf(loss)).toEqual({ 'shop.public.a': '+7 ~0 -0', 'shop.public.b': '+1 ~0 -0' })
    expect(loss.reservations).toEqual(['shop.public.cache is unlogged: it is empty in every snapshot'])
  })

  it('reads a log of many pages of records, each record once', async () => {
    const cluster = await make()
    const mark = await cluster.database.mark('m')
    await cluster.sql(
      'INSERT INTO b SELECT g FROM generate_series(1, 45000) g; UPDATE b SET i = i + 1 WHERE i <= 5000;',
    )
    const loss = await cluster.database.lossSince(mark)
    expect(loss).toMatchObject({ isExact: true, transactions: 2 })
    expect(rowsOf(loss)).toEqual({ 'shop.public.b': '+45000 ~5000 -0' })
  })
})

describe('what would be lost, when the log is gone', () => {
  const recycled = 'max_wal_size = 32MB\nmin_wal_size = 32MB\nwal_recycle = off\n'
  const forgetLog = async (cluster: Cluster) => {
    for (let i = 0; i < 3; i++) await cluster.sql('SELECT pg_switch_wal(); CHECKPOINT;')
  }

  it('counters answer, as an upper bound, and say so', async () => {
    const cluster = await make(recycled)
    const mark = await cluster.database.mark('m')
    await cluster.sql('INSERT INTO a SELECT g FROM generate_series(1, 7) g; BEGIN; INSERT INTO b VALUES (1); ROLLBACK;')
    await forgetLog(cluster)
    const loss = await cluster.database.lossSince(mark)
    expect(loss).toMatchObject({ source: 'counters', isExact: false, bound: 'at-most', lastWriteAt: null })
    expect(loss.reservations[0]).toMatch(/its files are gone/)
    expect(rowsOf(loss)).toEqual({ 'shop.public.a': '+7 ~0 -0', 'shop.public.b': '+1 ~0 -0' })
    expect(loss.transactions).toBeGreaterThanOrEqual(2)
  })

  it('after a crash there are no counters either: rows are not invented', async () => {
    const cluster = await make(recycled)
    const mark = await cluster.database.mark('m')
    await cluster.sql('INSERT INTO a SELECT g FROM generate_series(1, 7) g')
    await cluster.crash()
    await forgetLog(cluster)
    const loss = await cluster.database.lossSince(mark)
    expect(loss).toMatchObject({ source: 'none', isExact: false, tables: [] })
    expect(loss.reservations.join('\n')).toMatch(/counters were reset/)
  })

  it('a log that is too long to be read is not read', async () => {
    const cluster = await make()
    const mark = await cluster.database.mark('m')
    await cluster.sql('INSERT INTO a SELECT g, repeat(md5(g::text), 20) FROM generate_series(1, 200) g')
    expect(await cluster.database.lossSince(mark, { maxWalBytes: 50_000 })).toMatchObject({ source: 'counters' })
  })
})
