import { closeSync, openSync, readdirSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { checkStructure } from '../../src/drivers/postgres/verify-structure.ts'
import type { Verification, VerifyCheck } from '../../src/ports/database.ts'
import type { Transport } from '../../src/ports/transport.ts'
import { APP_ROLE, Cluster } from './cluster.ts'

let clusters: Cluster[] = []
afterEach(async () => {
  for (const cluster of clusters) await cluster.close()
  clusters = []
})

async function keep(cluster: Promise<Cluster>): Promise<Cluster> {
  const made = await cluster
  clusters.push(made)
  return made
}

async function makeLive(options: { readonly checksums?: boolean } = {}): Promise<Cluster> {
  const live = await keep(Cluster.make(options))
  await live.sql('CREATE TABLE ledger (id int PRIMARY KEY, what text); CREATE INDEX ON ledger (what);', {
    role: APP_ROLE,
  })
  await live.sql("INSERT INTO ledger SELECT g, 'entry ' || g FROM generate_series(1, 2000) g", { role: APP_ROLE })
  return live
}

function resultsOf({ checks }: Verification): Record<string, VerifyCheck['result']> {
  return Object.fromEntries(checks.map(({ name, result }) => [name, result]))
}

const ALL_PASSED = {
  ready: 'passed',
  isolation: 'passed',
  'system-id': 'passed',
  marker: 'passed',
  schema: 'passed',
  structure: 'passed',
  checksums: 'passed',
}

describe('a copy is proved', () => {
  it('a copy of one moment under load holds every acknowledged row, and knows its moment to the transaction', async () => {
    const live = await makeLive()
    await live.sql('CREATE TABLE acked (id int PRIMARY KEY)', { role: APP_ROLE })
    const mark = await live.database.mark('pre-deploy')
    let written = 0
    let isOver = false
    const writer = (async () => {
      while (!isOver) {
        await live.sql(`INSERT INTO acked VALUES (${written + 1})`, { role: APP_ROLE })
        written++
      }
    })()
    const until = async (count: number) => {
      while (written < count) await live.host.clock.sleep(10)
    }
    await until(5)
    const before = written
    const copy = await keep(live.copy())
    await until(written + 5)
    isOver = true
    await writer
    const verification = await copy.database.verify(mark)
    expect(resultsOf(verification), JSON.stringify(verification)).toEqual(ALL_PASSED)
    expect(verification.isVerified).toBe(true)

    const held = Number(await copy.sql('SELECT count(*) FROM acked'))
    expect(held).toBeGreaterThanOrEqual(before)
    expect(held).toBeLessThan(written)
    const from = verification.recoveredTo
    if (from === null) throw new Error('the moment of the copy is not known')
    await live.database.stopWriters()
    expect(await live.database.lossSince(mark, { from })).toMatchObject({
      isExact: true,
      transactions: written - held,
      tables: [{ name: 'public.acked', inserted: written - held, updated: 0, deleted: 0 }],
    })
  })

  it('a copy without data checksums says that they were skipped, and is verified by the rest', async () => {
    const live = await makeLive({ checksums: false })
    await live.sql(`CREATE DATABASE "odd = 'x' \\ name"`, { database: 'postgres' })
    const mark = await live.database.mark('m')
    const verification = await (await keep(live.copy())).database.verify(mark)
    expect(verification.isVerified).toBe(true)
    expect(resultsOf(verification)).toEqual({ ...ALL_PASSED, checksums: 'skipped' })
  })

  it('a copy that was not taken at one moment starts cleanly, passes its checksums, and is still found out', async () => {
    const live = await makeLive()
    const mark = await live.database.mark('m')
    const table = (await live.sql("SELECT pg_relation_filepath('ledger')")).trim()
    await live.database.checkpoint()
    const between = async () => {
      await live.sql("INSERT INTO ledger SELECT g, 'late ' || g FROM generate_series(3001, 3500) g")
      // What is before a checkpoint is not replayed: what the files that were taken early lack stays missing.
      await live.database.checkpoint()
    }
    const copy = await keep(live.tornCopy(between, [table]))
    const seen = (settings: string) => copy.sql(`${settings}; SELECT count(*) FROM ledger WHERE id > 3000`)
    const byTable = await seen(
      'SET enable_indexscan = off; SET enable_bitmapscan = off; SET enable_indexonlyscan = off',
    )
    const byIndex = await seen('SET enable_seqscan = off')
    expect([byTable, byIndex].map(Number), 'the fault was reached').toEqual([500, 0])
    const verification = await copy.database.verify(mark)
    expect(verification.isVerified).toBe(false)
    expect(resultsOf(verification)).toMatchObject({ ready: 'passed', structure: 'failed', checksums: 'passed' })
  })

  it('a bit that turned in a table is found by the checksums', async () => {
    const live = await makeLive()
    await live.sql(
      'CREATE TABLE plain (t text); INSERT INTO plain SELECT repeat(md5(g::text), 20) FROM generate_series(1, 50) g;',
    )
    const mark = await live.database.mark('m')
    const path = (await live.sql("SELECT pg_relation_filepath('plain')")).trim()
    await live.database.checkpoint()
    const copy = await keep(
      live.copy((dataFolder) => {
        const file = openSync(join(dataFolder, path), 'r+')
        writeSync(file, Buffer.from([0xff]), 0, 1, 8_000)
        closeSync(file)
      }),
    )
    const verification = await copy.database.verify(mark)
    expect(verification.isVerified).toBe(false)
    expect(resultsOf(verification).checksums).toBe('failed')
  })

  it('another server, another schema, a missing marker and an open port are each named', async () => {
    const live = await makeLive()
    const mark = await live.database.mark('m')
    await live.sql('ALTER TABLE ledger ADD COLUMN late int')
    const changed = await (await keep(live.copy())).database.verify(mark)
    expect(resultsOf(changed)).toEqual({ ...ALL_PASSED, schema: 'failed' })

    const other = await makeLive()
    const stranger = await other.database.verify(mark)
    expect(resultsOf(stranger)).toMatchObject({ 'system-id': 'failed', marker: 'failed' })

    // Loopback only, and on a port that the kernel chooses nobody else for: it is about the setting.
    const open = await keep(live.copy())
    await open.sql("ALTER SYSTEM SET listen_addresses = '127.0.0.1'; ALTER SYSTEM SET port = 15432;")
    await open.database.stop()
    await open.database.start()
    const reachable = open.with({ port: 15432 })
    const cards = readdirSync('/sys/class/net')
    const isolation = cards.some((name) => name !== 'lo') ? 'failed' : 'passed'
    expect(resultsOf(await reachable.database.verify(mark)).isolation).toBe(isolation)
  })

  it('a database that the structural check would skip counts as failed', async () => {
    const live = await makeLive()
    const mark = await live.database.mark('m')
    const copy = await keep(live.copy())
    // Nobody may make the extension: as on a server without its contrib package.
    await copy.sql(`CREATE FUNCTION no() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not here'; END $$;
      CREATE EVENT TRIGGER no ON ddl_command_start WHEN TAG IN ('CREATE EXTENSION') EXECUTE FUNCTION no();`)
    const verification = await copy.database.verify(mark)
    expect(verification.isVerified).toBe(false)
    expect(verification.checks.find(({ name }) => name === 'structure')).toMatchObject({ result: 'failed' })
  })

  it('one database that the tool skips with a warning only, among others that it checks, counts as failed too', async () => {
    const live = await makeLive()
    await live.sql('CREATE EXTENSION amcheck', { database: 'postgres' })
    let wasKept = false
    const transport: Transport = {
      ...live.host.transport,
      run(argv, ask) {
        if (ask.stdin?.startsWith('CREATE EXTENSION') !== true) return live.host.transport.run(argv, ask)
        wasKept = true
        return live.host.transport.run(argv, { ...ask, stdin: ask.stdin.replace(/^.*\n/, '') })
      },
    }
    const seen = await checkStructure({ ...live.host, transport })
    expect(wasKept, 'the fault was reached').toBe(true)
    expect(seen).toMatchObject({ result: 'failed', detail: expect.stringContaining('skipping database "shop"') })
  })

  it('a server that is not there is "not ready", and nothing else is claimed', async () => {
    const live = await makeLive()
    const mark = await live.database.mark('m')
    const absent = live.with({ database: 'absent' })
    expect(resultsOf(await absent.database.verify(mark))).toEqual({ ready: 'failed' })
  })
})
