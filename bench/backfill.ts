import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../src/drivers/local/clock.ts'
import { readBackfill } from '../src/migrations/backfill/read-backfill.ts'
import { loadParser } from '../src/migrations/sql/parser.ts'
import { runBackfill } from '../src/operations/migrations/run-backfill.ts'
import { APP_ROLE, Cluster, DATABASE, OWNER, requirePostgres } from '../test/postgres/cluster.ts'
import type { BenchOptions } from './main.ts'
import { type Figure, print, round } from './stats.ts'

const ALONE_SECONDS = 10
const WRITERS = 2
const WRITES_PER_SECOND = 100
/** A server as people run it: what was committed is on the disk. */
const SETTINGS = 'fsync = on\nshared_buffers = 128MB\nmax_wal_size = 4GB\nmin_wal_size = 2GB\n'
const WRITE = `\\set id random(1, :rows)
UPDATE orders SET total = total + 1 WHERE id = :id;
`

/**
 * A new column filled in all rows of a table (`--entries`, default 1,000,000) while others write single rows at a fixed rate, beside the same
 * writers alone on the same server. Latencies are pgbench's, from the moment at which a write was due.
 */
export async function run({ json, entries }: BenchOptions): Promise<void> {
  const cluster = await Cluster.make({ settings: SETTINGS })
  const folder = mkdtempSync(join(tmpdir(), 'bench-backfill-'))
  chmodSync(folder, 0o777)
  try {
    await cluster.sql(
      `CREATE TABLE orders (id bigint PRIMARY KEY, customer text NOT NULL, total int NOT NULL DEFAULT 0, total_new bigint);
       INSERT INTO orders SELECT g, 'customer ' || g % 5000, g % 1000 FROM generate_series(1, ${entries}) g;`,
      { role: APP_ROLE },
    )
    // A server that has run for a while takes old files of its log again; a new one fills 16 MB with zeros for each, and every commit waits for that.
    await cluster.sql(
      `CREATE TABLE used AS SELECT g, repeat('x', 400) FROM generate_series(1, ${entries}) g; DROP TABLE used;`,
    )
    await cluster.sql('VACUUM ANALYZE orders; CHECKPOINT;')
    const alone = writers(cluster, folder, 'alone', entries, ALONE_SECONDS)
    const before = await alone.ended()
    const beside = writers(cluster, folder, 'beside', entries, 3_600)
    const begun = performance.now()
    const state = await fill(cluster)
    const tookMs = performance.now() - begun
    beside.stop()
    const during = await beside.ended()
    const missed = Number(await cluster.sql('SELECT count(*) FROM orders WHERE total_new IS NULL'))
    if (missed > 0) throw new Error(`${missed} rows were missed`)
    print('backfill', figuresOf(before, during, { entries, tookMs, batches: state.batches }), json)
  } finally {
    await cluster.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function fill({ database }: Cluster) {
  const statement = 'UPDATE orders SET total_new = total WHERE total_new IS NULL'
  const ask = {
    ...readBackfill(await loadParser(), statement),
    name: 'bench',
    targetMs: 20,
    maxBatchRows: 5_000,
    lockTimeoutMs: 200,
    maxLagBytes: 67_108_864,
    sliceMs: 2_000,
  }
  const signal = new AbortController().signal
  return runBackfill({ database, clock: systemClock, ask, signal, progress: () => undefined })
}

/** Writers at a fixed rate; `stop` ends them before their time. What they waited, in milliseconds, rising. */
function writers({ host }: Cluster, folder: string, name: string, rows: number, seconds: number) {
  const script = join(folder, `${name}.sql`)
  writeFileSync(script, WRITE)
  const { socketFolder, port } = host.config
  const bench = [
    join(requirePostgres(), 'pgbench'),
    '--no-vacuum',
    `--file=${script}`,
    `--define=rows=${rows}`,
    `--client=${WRITERS}`,
    `--rate=${WRITES_PER_SECOND}`,
    `--time=${seconds}`,
    '--log',
    `--log-prefix=${join(folder, name)}`,
    `--host=${socketFolder}`,
    `--port=${port}`,
    `--username=${APP_ROLE}`,
    DATABASE,
  ]
  const [file = '', ...args] = OWNER === null ? bench : ['setpriv', `--reuid=${OWNER}`, '--clear-groups', ...bench]
  const child = spawn(file, args, { stdio: 'ignore', cwd: folder })
  const exit = once(child, 'exit')
  return {
    stop: () => void child.kill('SIGINT'),
    async ended(): Promise<readonly number[]> {
      await exit
      const logs = readdirSync(folder).filter((one) => one.startsWith(`${name}.`) && !one.endsWith('.sql'))
      const lines = logs.flatMap((one) => readFileSync(join(folder, one), 'utf8').trim().split('\n'))
      // client, number, microseconds, script, seconds, microseconds, lag
      const waited = lines.map((line) => Number(line.split(' ')[2]) / 1_000)
      // The last line may be cut.
      return waited.filter((one) => one > 0).toSorted((a, b) => a - b)
    },
  }
}

function figuresOf(
  before: readonly number[],
  during: readonly number[],
  { entries, tookMs, batches }: { readonly entries: number; readonly tookMs: number; readonly batches: number },
): readonly Figure[] {
  const at = (all: readonly number[], share: number) =>
    round(all[Math.min(all.length - 1, Math.floor(all.length * share))] ?? Number.NaN)
  const note = (all: readonly number[]) =>
    `${all.length} writes, p50 ${at(all, 0.5)}, p99.9 ${at(all, 0.999)}, max ${at(all, 1)} ms`
  const [p99, aloneP99] = [at(during, 0.99), at(before, 0.99)]
  return [
    {
      name: `${entries} rows`,
      value: round(tookMs / 1_000),
      unit: 's',
      note: `${Math.round(entries / (tookMs / 1_000))} rows/s in ${batches} transactions`,
    },
    { name: 'p99 of writers meanwhile', value: p99, unit: 'ms', goal: 25, note: note(during) },
    { name: 'p99 of writers alone', value: aloneP99, unit: 'ms', note: note(before) },
  ]
}
