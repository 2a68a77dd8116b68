import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { sha256Hex } from '../../src/lib/sha256.ts'
import { Cluster } from './cluster.ts'

describe('somebody’s SQL', () => {
  let cluster: Cluster
  beforeAll(async () => {
    cluster = await Cluster.make()
  })
  afterAll(() => cluster.close())
  beforeEach(() => cluster.sql('DROP TABLE IF EXISTS t; CREATE TABLE t (i int PRIMARY KEY, s text)'))

  const run = (text: string, lockTimeoutMs = 2_000) =>
    cluster.database.runSql({ text, lockTimeoutMs, statementTimeoutMs: 20_000, marker: randomUUID() })
  const content = async () => (await cluster.sql('SELECT i, s FROM t ORDER BY i')).trim()

  it('runs in one transaction, and says statement by statement what was done', async () => {
    const text = `-- the inverse of 0042
INSERT INTO t VALUES (1, 'a;b'), (2, $$c;d$$);
UPDATE t SET s = s || '!' WHERE i = 1;
DELETE FROM t WHERE i = 99;
SELECT * FROM t;
INSERT INTO t VALUES (3, 'x') RETURNING i;
ALTER TABLE t ADD COLUMN n int;
DO $$ BEGIN RAISE WARNING 'look out'; END $$`
    const report = await run(text)
    expect(report).toMatchObject({ sha256: sha256Hex(text), isOneTransaction: true, becauseOf: null })
    expect(report.statements).toEqual([
      { line: 2, tag: 'INSERT 0 2', rows: 2 },
      { line: 3, tag: 'UPDATE 1', rows: 1 },
      { line: 4, tag: 'DELETE 0', rows: 0 },
      { line: 5, tag: 'SELECT', rows: 2 },
      { line: 6, tag: 'INSERT 0 1', rows: 1 },
      { line: 7, tag: 'ALTER TABLE', rows: null },
      { line: 8, tag: 'DO', rows: null },
    ])
    expect(report.notices.join('\n')).toContain('look out')
    expect(await content()).toBe('1|a;b!\n2|c;d\n3|x')
  })

  it('keeps nothing when a statement fails, and names statement, line and SQLSTATE', async () => {
    await expect(run('INSERT INTO t VALUES (1);\n\nINSERT INTO missing VALUES (1);')).rejects.toMatchObject({
      code: 'sql-failed',
      kind: 'failed',
      place: { line: 3 },
      details: expect.arrayContaining([
        expect.stringContaining('SQLSTATE 42P01'),
        'nothing was kept: the database is as it was',
      ]),
    })
    expect(await content()).toBe('')
  })

  it('what cannot be in a transaction is run without, and what was kept before a failure is said', async () => {
    const report = await run('INSERT INTO t VALUES (1);\nCREATE INDEX CONCURRENTLY by_s ON t (s);\nVACUUM t;')
    expect(report).toMatchObject({ isOneTransaction: false, becauseOf: 'CREATE INDEX CONCURRENTLY' })
    expect(report.statements.map(({ tag }) => tag)).toEqual(['INSERT 0 1', 'CREATE INDEX', 'VACUUM'])
    await expect(run('VACUUM t; INSERT INTO t VALUES (2); SELECT 1/0;')).rejects.toMatchObject({
      code: 'sql-failed',
      details: expect.arrayContaining(['the 2 statements before it were kept: the file is no single transaction']),
    })
    expect(await content()).toBe('1|\n2|')
  })

  it('waits for a lock no longer than it may', async () => {
    const session = await cluster.openSession('BEGIN; LOCK TABLE t;', 'postgres')
    try {
      await expect(run('ALTER TABLE t ADD COLUMN z int', 200)).rejects.toMatchObject({
        code: 'database-lock-timeout',
        details: expect.arrayContaining(['nothing was kept: the database is as it was']),
      })
    } finally {
      await session.close()
    }
  })

  it('is never read by psql: no shell, no variables, no commands of its own', async () => {
    const file = join(cluster.folder, 'pwned')
    await expect(run(`INSERT INTO t VALUES (1);\n\\! touch ${file}`)).rejects.toMatchObject({
      code: 'sql-not-runnable',
    })
    await expect(run(`INSERT INTO t VALUES (1) \\! touch ${file}\n;`)).rejects.toMatchObject({ code: 'sql-failed' })
    await run(`INSERT INTO t VALUES (1, E'\\\\! touch ${file}'), (2, ':DBNAME :''DBNAME'' \`touch ${file}\`')`)
    expect(existsSync(file)).toBe(false)
    expect(await content()).toBe(`1|\\! touch ${file}\n2|:DBNAME :'DBNAME' \`touch ${file}\``)
  })

  it('a session that is ended before its COMMIT has kept nothing, and that is known', async () => {
    const end = 'SELECT pg_terminate_backend(pg_backend_pid());'
    await expect(run(`INSERT INTO t VALUES (1); ${end}`)).rejects.toMatchObject({ code: 'sql-failed', kind: 'failed' })
    expect(await content()).toBe('')
    await expect(run(`VACUUM t; INSERT INTO t VALUES (1); ${end}`)).rejects.toMatchObject({
      code: 'sql-outcome-unknown',
      kind: 'person',
    })
  })

  it('a check that is made at the COMMIT only fails the whole, and says so', async () => {
    const text = 'ALTER TABLE t ADD CONSTRAINT u UNIQUE (s) DEFERRABLE INITIALLY DEFERRED;'
    await run(text)
    await expect(run("INSERT INTO t VALUES (1, 'x'), (2, 'x')")).rejects.toMatchObject({
      message: expect.stringContaining('refused the COMMIT'),
      code: 'sql-failed',
    })
    expect(await content()).toBe('')
  })

  it('more output than is read takes nothing away from the certainty of what was kept', async () => {
    const report = await run("INSERT INTO t VALUES (1); SELECT repeat('x', 1000000) FROM generate_series(1, 20);")
    expect(report.statements[0]).toEqual({ line: 1, tag: 'INSERT 0 1', rows: 1 })
    expect(await content()).toBe('1|')
  })

  it.each([
    ['nothing', '-- only a comment\n;;', 'sql-empty'],
    [
      'rows for COPY of many columns',
      `COPY t (${Array.from({ length: 40 }, (_, i) => `c${i}`).join()}) FROM stdin`,
      'sql-not-runnable',
    ],
    ['rows for COPY', 'COPY t FROM stdin;\n1\ta\n\\.\n', 'sql-not-runnable'],
    ['too much', `SELECT '${'x'.repeat(9 * 1024 * 1024)}'`, 'sql-too-large'],
  ])('%s is refused before anything is sent', async (_name, text, code) => {
    await expect(run(text)).rejects.toMatchObject({ code, kind: 'usage' })
  })
})
