import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { COMMANDS } from '../../src/cli/commands/index.ts'
import { quickParse } from '../../src/cli/quick-parse.ts'
import { systemClock } from '../../src/drivers/local/clock.ts'
import { readBackfill } from '../../src/migrations/backfill/read-backfill.ts'
import { loadParser, type SqlParser } from '../../src/migrations/sql/parser.ts'
import { runBackfill } from '../../src/operations/migrations/run-backfill.ts'
import type { BackfillAsk, BackfillState } from '../../src/ports/backfill.ts'
import { APP_ROLE, Cluster } from './cluster.ts'

const PROCESS = fileURLToPath(new URL('./backfill-process.ts', import.meta.url))

let cluster: Cluster
let parser: SqlParser
const copies: Cluster[] = []

beforeAll(async () => {
  cluster = await Cluster.make()
  parser = await loadParser()
})
afterAll(async () => {
  for (const one of [...copies, cluster]) await one.close()
})

const sql = (script: string) => cluster.sql(script, { role: APP_ROLE })
const count = async (what: string) => Number(await sql(`SELECT count(*) FROM ${what}`))

function ask(name: string, statement: string, change: Partial<BackfillAsk> = {}): BackfillAsk {
  return {
    ...readBackfill(parser, statement),
    name,
    targetMs: 20,
    maxBatchRows: 500,
    lockTimeoutMs: 100,
    maxLagBytes: 1e9,
    sliceMs: 1_000,
    ...change,
  }
}

async function toItsEnd(asked: BackfillAsk): Promise<readonly BackfillState[]> {
  const states: BackfillState[] = []
  await runBackfill({
    database: cluster.database,
    clock: systemClock,
    ask: asked,
    signal: new AbortController().signal,
    progress: ({ state }) => void states.push(state),
  })
  return states
}

/** Calls once more until it says so; a busy machine may need a few. */
async function until(asked: BackfillAsk, holds: (state: BackfillState) => boolean): Promise<BackfillState> {
  for (let tries = 1; ; tries += 1) {
    const state = await cluster.database.backfill(asked)
    if (holds(state) || tries === 20) return state
  }
}

describe('a backfill goes on where it stood', () => {
  it('killed with kill -9 in the middle, then again: every row was changed, and none of them twice', async () => {
    await sql(
      'CREATE TABLE counted (id int PRIMARY KEY, n int NOT NULL DEFAULT 0); INSERT INTO counted SELECT g FROM generate_series(1, 20000) g',
    )
    // Without a condition: a row that is done twice shows.
    const asked = ask('counted', 'UPDATE counted SET n = n + 1', { maxBatchRows: 50, sliceMs: 300 })
    // Behind this row nobody comes while it is held, however fast the machine is.
    const holder = await cluster.openSession('BEGIN; UPDATE counted SET n = n WHERE id = 10000;')
    for (let times = 0; times < 2; times += 1) {
      const child = spawn(process.execPath, [PROCESS, cluster.folder, JSON.stringify(asked)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const ended = once(child, 'exit')
      await once(child.stdout, 'data')
      child.kill('SIGKILL')
      expect(await ended).toEqual([null, 'SIGKILL'])
    }
    await holder.close('ROLLBACK;')
    // The fault was reached: something was done, and something was left.
    const done = await count('counted WHERE n > 0')
    expect(done > 0 && done < 20_000).toBe(true)
    const states = await toItsEnd({ ...asked, maxBatchRows: 500 })
    expect(states.at(-1)).toMatchObject({ phase: 'done', changedRows: 20_000 })
    expect(await sql('SELECT min(n), max(n) FROM counted')).toBe('1|1\n')
  })

  it('the server crashes in the middle: what was committed is kept with the rows that it is about', async () => {
    await sql(
      'CREATE TABLE crashed (id int PRIMARY KEY, n int NOT NULL DEFAULT 0); INSERT INTO crashed SELECT g FROM generate_series(1, 20000) g',
    )
    const asked = ask('crashed', 'UPDATE crashed SET n = n + 1', { maxBatchRows: 50, sliceMs: 30_000 })
    const slice = cluster.database.backfill(asked).catch((error: unknown) => error)
    while ((await count('crashed WHERE n > 0')) === 0);
    await cluster.crash()
    expect(await slice).toMatchObject({ name: 'BackflipError' })
    const done = await count('crashed WHERE n > 0')
    expect(done > 0 && done < 20_000).toBe(true)
    await toItsEnd({ ...asked, maxBatchRows: 500, sliceMs: 1_000 })
    expect(await sql('SELECT min(n), max(n) FROM crashed')).toBe('1|1\n')
  })

  it('by a key of several columns, whatever is in it', async () => {
    await sql(`CREATE SCHEMA other; CREATE TYPE other.kind AS ENUM ('b', 'a');
      CREATE TABLE other."Odd ""Name" (kind other.kind, "the text" text COLLATE "C", at timestamptz, part numeric, n int NOT NULL DEFAULT 0,
        PRIMARY KEY ("the text", kind, at, part));
      INSERT INTO other."Odd ""Name" SELECT k::other.kind, t, '2026-03-29 00:59:59.123456+00'::timestamptz + g * interval '7 min', g / 7.0
        FROM generate_series(1, 60) g, unnest(ARRAY['a', 'b']) k, unnest(ARRAY['', ' ', '{}', 'a,b', 'it''s', 'back\\slash', '"quoted"', 'ü', '😀', E'new\nline', 'NULL', '$1']) t`)
    const asked = ask('odd', 'UPDATE other."Odd ""Name" AS o SET n = o.n + 1', { maxBatchRows: 37 })
    expect((await toItsEnd(asked)).at(-1)).toMatchObject({ phase: 'done', changedRows: 1_440 })
    expect(await sql('SELECT count(*), min(n), max(n) FROM other."Odd ""Name"')).toBe('1440|1|1\n')
  })
})

describe('a backfill gives way', () => {
  it('to a row lock: it waits no longer than it may, makes smaller pieces, and takes the row when it is free', async () => {
    await sql(
      'CREATE TABLE locked (id int PRIMARY KEY, n int); INSERT INTO locked SELECT g FROM generate_series(1, 2000) g',
    )
    const holder = await cluster.openSession('BEGIN; UPDATE locked SET n = 0 WHERE id = 700;')
    const asked = ask('locked', 'UPDATE locked SET n = 1 WHERE n IS NULL')
    const blocked = await until(asked, ({ lockWaits }) => lockWaits > 3)
    await holder.close('ROLLBACK;')
    expect(blocked).toMatchObject({ phase: 'pass', pausedBy: 'lock' })
    expect(blocked.batchRows).toBeLessThan(100)
    expect(blocked.changedRows).toBeLessThan(700)
    await toItsEnd(asked)
    expect(await count('locked WHERE n IS DISTINCT FROM 1')).toBe(0)
  })

  it('to whoever waits for a lock of the table: a migration is not held up behind it', async () => {
    await sql(
      'CREATE TABLE wanted (id int PRIMARY KEY, n int); INSERT INTO wanted SELECT g FROM generate_series(1, 2000) g',
    )
    const reader = await cluster.openSession('BEGIN; SELECT count(*) FROM wanted;')
    const migration = sql('ALTER TABLE wanted ADD COLUMN more int')
    while (
      (
        await cluster.sql("SELECT count(*) FROM pg_locks WHERE relation = 'wanted'::regclass AND NOT granted")
      ).trim() === '0'
    );
    const asked = ask('wanted', 'UPDATE wanted SET n = 1 WHERE n IS NULL')
    expect(await cluster.database.backfill(asked)).toMatchObject({ pausedBy: 'waiters', changedRows: 0 })
    await reader.close('COMMIT;')
    await migration
    expect((await toItsEnd(asked)).at(-1)).toMatchObject({ phase: 'done', changedRows: 2_000 })
  })

  it('to a replica that is behind, and goes on when it has caught up', async () => {
    await sql(
      'CREATE TABLE shipped (id int PRIMARY KEY, n int); INSERT INTO shipped SELECT g FROM generate_series(1, 20000) g',
    )
    const standby = await cluster.standby()
    copies.push(standby)
    while ((await cluster.sql('SELECT count(replay_lsn) FROM pg_stat_replication')).trim() === '0');
    await standby.sql('SELECT pg_wal_replay_pause()', { database: 'postgres' })
    const asked = ask('shipped', 'UPDATE shipped SET n = 1 WHERE n IS NULL', { maxLagBytes: 100_000 })
    const waiting = await until(asked, ({ pausedBy }) => pausedBy === 'replica')
    expect(waiting).toMatchObject({ phase: 'pass', pausedBy: 'replica' })
    expect(waiting.changedRows).toBeLessThan(20_000)
    // It stands: nothing is added to what the replica has to do.
    expect((await cluster.database.backfill(asked)).changedRows).toBe(waiting.changedRows)
    await standby.sql('SELECT pg_wal_replay_resume()', { database: 'postgres' })
    expect((await toItsEnd(asked)).at(-1)).toMatchObject({ phase: 'done', changedRows: 20_000 })
    await standby.close()
    copies.splice(0)
  })
})

describe('a backfill is done when nothing is left', () => {
  it('rows that came in behind it are swept', async () => {
    await sql(
      'CREATE TABLE swept (id int PRIMARY KEY, n int); INSERT INTO swept SELECT g FROM generate_series(1000, 3000) g',
    )
    const asked = ask('swept', 'UPDATE swept SET n = 1 WHERE n IS NULL', { sliceMs: 1, maxBatchRows: 100 })
    const begun = await cluster.database.backfill(asked)
    expect(begun.phase).toBe('pass')
    await sql('INSERT INTO swept SELECT g FROM generate_series(1, 50) g')
    const end = (await toItsEnd({ ...asked, sliceMs: 1_000 })).at(-1)
    expect(end).toMatchObject({ phase: 'done', changedRows: 2_051, remainingRows: 0 })
    expect(end?.passes).toBeGreaterThan(1)
    expect(await count('swept WHERE n IS NULL')).toBe(0)
  })

  it('the proof counts what nobody swept, and another sweep follows', async () => {
    await sql(
      'CREATE TABLE proved (id int PRIMARY KEY, n int); INSERT INTO proved SELECT g FROM generate_series(1, 100) g',
    )
    const asked = ask('proved', 'UPDATE proved SET n = 1 WHERE n IS NULL')
    await toItsEnd(asked)
    await sql('INSERT INTO proved VALUES (0)')
    // It stands before the proof, as if the row had come in behind the last sweep.
    await cluster.sql("UPDATE backflip.backfill SET phase = 'assert' WHERE name = 'proved'")
    expect(await cluster.database.backfill(asked)).toMatchObject({ phase: 'sweep', remainingRows: 1 })
    expect((await toItsEnd(asked)).at(-1)).toMatchObject({ phase: 'done', remainingRows: 0 })
    expect(await count('proved WHERE n IS NULL')).toBe(0)
  })

  it('a condition that holds for rows that are done ends in an error, not in passes without end', async () => {
    await sql(
      'CREATE TABLE endless (id int PRIMARY KEY, n int DEFAULT 0); INSERT INTO endless SELECT g FROM generate_series(1, 20) g',
    )
    await expect(toItsEnd(ask('endless', 'UPDATE endless SET n = n + 1 WHERE n >= 0'))).rejects.toMatchObject({
      code: 'backfill-rows-remain',
    })
  })

  it('rows are removed in the same way', async () => {
    await sql(
      'CREATE TABLE removed (id int PRIMARY KEY, n int); INSERT INTO removed SELECT g, g % 2 FROM generate_series(1, 3000) g',
    )
    expect((await toItsEnd(ask('removed', 'DELETE FROM removed WHERE n = 1'))).at(-1)).toMatchObject({
      phase: 'done',
      changedRows: 1_500,
    })
    expect(await count('removed')).toBe(1_500)
  })
})

describe('a backfill that cannot be is refused before a row is changed', () => {
  it.each([
    ['no table of that name', 'UPDATE nowhere SET n = 1 WHERE n IS NULL', 'backfill-no-table'],
    ['no primary key', 'UPDATE keyless SET n = 1 WHERE n IS NULL', 'backfill-no-key'],
    ['a name that is taken by another statement', 'UPDATE taken SET n = 2 WHERE n IS NULL', 'backfill-changed'],
  ])('%s', async (_what, statement, code) => {
    await sql(
      'CREATE TABLE IF NOT EXISTS keyless (n int); CREATE TABLE IF NOT EXISTS taken (id int PRIMARY KEY, n int); INSERT INTO keyless VALUES (NULL)',
    )
    const name = code === 'backfill-changed' ? 'taken' : code
    if (code === 'backfill-changed') await toItsEnd(ask(name, 'UPDATE taken SET n = 1 WHERE n IS NULL'))
    await expect(cluster.database.backfill(ask(name, statement))).rejects.toMatchObject({ code })
    expect(await count('keyless WHERE n IS NOT NULL')).toBe(0)
  })

  it('two at once: the second is told that the first one works', async () => {
    await sql(
      'CREATE TABLE shared (id int PRIMARY KEY, n int); INSERT INTO shared SELECT g FROM generate_series(1, 10) g',
    )
    const holder = await cluster.openSession(
      "SELECT pg_advisory_lock(hashtext('backflip.backfill'), hashtext('shared'));",
    )
    await expect(
      cluster.database.backfill(ask('shared', 'UPDATE shared SET n = 1 WHERE n IS NULL')),
    ).rejects.toMatchObject({ code: 'backfill-held', kind: 'held' })
    await holder.close()
  })
})

describe('the command line', () => {
  /** The command itself, on the test's server. */
  async function type(argv: readonly string[]) {
    const parsed = quickParse(argv, COMMANDS)
    if (parsed === null) throw new Error(`${argv.join(' ')} is no command`)
    const [out, err]: [string[], string[]] = [[], []]
    const io = {
      out: (text: string) => void out.push(text),
      err: (text: string) => void err.push(text),
      cwd: tmpdir(),
      signal: new AbortController().signal,
    }
    const data = [{ name: 'db', database: () => cluster.database }]
    const surroundings = async () => ({ data, clock: systemClock })
    const { args, options, command } = parsed
    const exitCode = await command.run({ args, options, io, surroundings, changing: () => undefined } as never)
    return { exitCode, out: out.join(''), err: err.join('') }
  }

  it('says where it stands while it runs, and one object at its end', async () => {
    await sql(
      'CREATE TABLE typed (id int PRIMARY KEY, n int); INSERT INTO typed SELECT g FROM generate_series(1, 3000) g; ANALYZE typed',
    )
    const argv = [
      'migrations',
      'backfill',
      '--table',
      'typed',
      '--set',
      'n = 1',
      '--where',
      'n IS NULL',
      '--max-batch',
      '100',
    ]
    const first = await type(argv)
    expect(first).toMatchObject({ exitCode: 0, out: '' })
    expect(first.err).toMatch(/typed \w+: \d+ of about \d+ rows \(\d+ %\), \d+ rows\/s/)
    expect(first.err).toMatch(/3000 rows changed; no row is left\n$/)
    const again = await type([...argv, '--json'])
    expect(again.err).toBe('')
    expect(JSON.parse(again.out)).toMatchObject({
      name: 'typed',
      table: 'typed',
      phase: 'done',
      changedRows: 3_000,
      remainingRows: 0,
    })
  })

  it.each([
    [['--table', 'typed', '--set', 'n = '], 'backfill-unreadable'],
    [['--table', 'typed', '--set', 'n = 1; DROP TABLE typed'], 'backfill-not-in-pieces'],
    [['--table', 'typed; DROP TABLE typed', '--set', 'n = 1'], 'backfill-unreadable'],
    [['--table', 'typed', '--set', 'n = 1 FROM locked'], 'backfill-not-in-pieces'],
    [['--table', 'typed', '--set', 'n = 1', '--where', 'n = $1'], 'backfill-not-in-pieces'],
    [['nowhere.sql'], 'no-such-file'],
    [[], 'no-backfill'],
  ])('%j is refused: %s', async (more, code) => {
    await expect(type(['migrations', 'backfill', ...more])).rejects.toMatchObject({ code, kind: 'usage' })
  })
})
