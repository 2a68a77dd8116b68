import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findPostgres } from '../src/drivers/shadow/find-postgres.ts'
import { makeHistory } from './lint/make-history.ts'
import type { BenchOptions } from './main.ts'
import { type Figure, print, round, spread } from './stats.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const RUNS = 5
const FILES = 802

/**
 * `migrations check` of two pending migrations after 800, as whole processes: with no server at all, with a server and no template, and with the
 * template. `BENCH_MIGRATIONS=FOLDER` takes real ones. The floor beside it starts the program for its help.
 */
export async function run({ json }: BenchOptions): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-check-'))
  try {
    // Root's server is another user's, who has to get through.
    chmodSync(folder, 0o711)
    const { major, from } = findPostgres(18, process.cwd())
    const migrations = process.env.BENCH_MIGRATIONS ?? write(join(folder, 'migrations'))
    const since = process.env.BENCH_SINCE ?? nameOf(FILES - 2)
    const cache = join(folder, 'cache')
    const check = () =>
      timeOf(['migrations', 'check', migrations, '--since', since, '--cache', cache, '--postgres', String(major)])
    const cold = () => {
      rmSync(cache, { recursive: true, force: true })
      return check()
    }
    const help = () => timeOf(['--help'])
    const figures = [
      measure(`no server yet (${from})`, cold, help),
      measure('a cached template', check, help, 3_000),
      measure('a server, no template', () => freshHistory(migrations, check), help, 10_000),
    ]
    print('check', figures, json)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

let made = 0

/** Another statement in the first file: no template begins like that. */
function freshHistory(folder: string, check: () => number): number {
  const first = join(folder, nameOf(0))
  if (existsSync(first)) {
    made += 1
    writeFileSync(first, `SELECT ${made};\n${makeHistory(1)[0]?.text ?? ''}`)
  }
  return check()
}

function nameOf(index: number): string {
  return makeHistory(FILES)[index]?.name ?? ''
}

function write(folder: string): string {
  mkdirSync(folder)
  for (const { name, text } of makeHistory(FILES)) writeFileSync(join(folder, name), text)
  return folder
}

function timeOf(args: readonly string[]): number {
  const begun = performance.now()
  const { status, stderr } = spawnSync(process.execPath, [join(root, 'bin/backflip.js'), ...args], { encoding: 'utf8' })
  if (status !== 0 && status !== 3) throw new Error(`it ended with ${status}: ${stderr}`)
  return performance.now() - begun
}

function measure(name: string, own: () => number, floor: () => number, goal?: number): Figure {
  const [ours, theirs]: [number[], number[]] = [[], []]
  for (let at = 0; at < RUNS; at += 1) {
    theirs.push(floor())
    ours.push(own())
  }
  const [a, b] = [spread(ours), spread(theirs)]
  const note = `${a.count} runs, min ${a.min}, p95 ${a.p95}; --help ${b.median} ms: ${round(a.median / b.median)} ×`
  return { name, value: a.median, unit: 'ms', note, ...(goal === undefined ? {} : { goal }) }
}
