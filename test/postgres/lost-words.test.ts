import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { localTransport } from '../../src/drivers/local/transport.ts'
import { postgresDatabase } from '../../src/drivers/postgres/database.ts'
import { psql } from '../../src/drivers/postgres/psql.ts'
import type { CommandResult, Transport } from '../../src/ports/transport.ts'
import { Cluster } from './cluster.ts'

/** A way on which the last words of a program that failed do not arrive, as it happens through Incus (src/drivers/incus/exec.ts). */
function losing(times: number, lose: (end: CommandResult) => CommandResult) {
  const seen = { lost: 0 }
  const way = localTransport()
  const run: Transport['run'] = async (argv, ask) => {
    const end = await way.run(argv, ask)
    if (end.exitCode === 0 || seen.lost >= times) return end
    seen.lost += 1
    return lose(end)
  }
  return { seen, transport: { ...way, run } }
}

describe('words of psql that are lost on the way', () => {
  let cluster: Cluster
  beforeAll(async () => {
    cluster = await Cluster.make()
  })
  afterAll(() => cluster.close())
  beforeEach(() => cluster.sql('DROP TABLE IF EXISTS t; CREATE TABLE t (i int)'))

  const all = (end: CommandResult): CommandResult => ({ ...end, stdout: '', stderr: '' })
  const runSql = (transport: Transport, text: string) =>
    postgresDatabase({ ...cluster.host, transport }).runSql({
      text,
      lockTimeoutMs: 2_000,
      statementTimeoutMs: 20_000,
      marker: randomUUID(),
    })
  const rows = async () => (await cluster.sql('SELECT count(*) FROM t')).trim()

  it('a script of ours that failed without a reason is asked again for it', async () => {
    const { seen, transport } = losing(2, all)
    await expect(psql({ ...cluster.host, transport }, { script: 'SELECT 1/0;' })).rejects.toMatchObject({
      details: expect.arrayContaining([expect.stringContaining('22012')]),
    })
    expect(seen.lost).toBe(2)
  })

  it('a transaction of somebody’s that failed is asked again, and its statement and SQLSTATE are told', async () => {
    const { seen, transport } = losing(1, all)
    await expect(runSql(transport, 'INSERT INTO t VALUES (1);\nSELECT 1/0;')).rejects.toMatchObject({
      code: 'sql-failed',
      place: { line: 2 },
      details: expect.arrayContaining([
        expect.stringContaining('22012'),
        'nothing was kept: the database is as it was',
      ]),
    })
    expect(seen.lost).toBe(1)
    expect(await rows()).toBe('0')
  })

  it('what was no single transaction is never run again: that nobody can tell is said', async () => {
    const { seen, transport } = losing(1, all)
    await expect(runSql(transport, 'VACUUM t; INSERT INTO t VALUES (1); SELECT 1/0;')).rejects.toMatchObject({
      code: 'sql-outcome-unknown',
      kind: 'person',
    })
    expect(seen.lost).toBe(1)
    expect(await rows()).toBe('1')
  })

  it('where a failure was is told by the words that tell the failure', async () => {
    const { seen, transport } = losing(1, (end) => ({ ...end, stdout: '' }))
    await expect(runSql(transport, 'VACUUM t; INSERT INTO t VALUES (1);\nSELECT 1/0;')).rejects.toMatchObject({
      code: 'sql-failed',
      place: { line: 2 },
      details: expect.arrayContaining(['the 2 statements before it were kept: the file is no single transaction']),
    })
    expect(seen.lost).toBe(1)
  })
})
