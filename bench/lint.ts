import { spawnSync } from 'node:child_process'
import { cpSync, globSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { makeHistory } from './lint/make-history.ts'
import type { BenchOptions } from './main.ts'
import { type Figure, print, round, spread } from './stats.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const RUNS = 10
const FILES = 2_000

/**
 * Whole processes of the built program: all rules and the replay over 2,000 files, then unchanged, then one file; each beside the grammar alone and
 * beside squawk where it is on PATH. `BENCH_MIGRATIONS=FOLDER` takes real files instead of made ones.
 */
export async function run({ json }: BenchOptions): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-lint-'))
  try {
    const program = install(folder)
    const migrations = process.env.BENCH_MIGRATIONS ?? write(join(folder, 'migrations'))
    const names = globSync('**/*.sql', { cwd: migrations }).toSorted()
    const one = join(folder, 'one.sql')
    writeFileSync(one, 'ALTER TABLE users ADD COLUMN nick text;\nALTER TABLE users DROP COLUMN name;\n')
    const lint = (...args: readonly string[]) =>
      timeOf(folder, [program, 'migrations', 'lint', ...args, '--format', 'json'])
    const parse = () => timeOf(folder, [join(root, 'bench/lint/parse-only.ts'), migrations], names.join('\n'))
    const node = () => timeOf(folder, ['-e', '0'])
    const figures = [
      measure(`${names.length} files, all rules`, () => lint(migrations, '--fresh'), 'the grammar alone', parse, 600),
      measure('unchanged', () => lint(migrations), 'node -e 0', node, 200),
      measure('one file', () => lint(one, '--fresh'), 'node -e 0', node, 150),
      ...besideSquawk(folder, migrations, names, () => lint(migrations, '--fresh')),
    ]
    print('lint', figures, json)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** As the package has it: the bundle and the shim, and no sources beside them. */
function install(folder: string): string {
  const built = spawnSync(process.execPath, [join(root, 'scripts/build.ts')], { encoding: 'utf8' })
  if (built.status !== 0) throw new Error(`the build ended with ${built.status}: ${built.stderr}`)
  for (const name of ['bin', 'dist', 'package.json'])
    cpSync(join(root, name), join(folder, 'program', name), { recursive: true })
  return join(folder, 'program', 'bin', 'backflip.js')
}

function write(folder: string): string {
  mkdirSync(folder)
  for (const { name, text } of makeHistory(FILES)) writeFileSync(join(folder, name), text)
  return folder
}

/** The goals are times of whole processes; what stands beside says what the machine was like. */
function measure(name: string, own: () => number, besideName: string, beside: () => number, goal?: number): Figure {
  const [ours, theirs]: [number[], number[]] = [[], []]
  for (let at = 0; at < RUNS; at += 1) {
    theirs.push(beside())
    ours.push(own())
  }
  const [a, b] = [spread(ours), spread(theirs)]
  const note = `${a.count} runs, min ${a.min}, p95 ${a.p95}; ${besideName} ${b.median} ms, min ${b.min}, p95 ${b.p95}: ${round(a.median / b.median)} ×`
  return { name, value: a.median, unit: 'ms', note, ...(goal === undefined ? {} : { goal }) }
}

function besideSquawk(
  folder: string,
  migrations: string,
  names: readonly string[],
  own: () => number,
): readonly Figure[] {
  const squawk = (process.env.PATH ?? '')
    .split(':')
    .flatMap((one) => (has(one, 'squawk') ? [join(one, 'squawk')] : []))[0]
  if (squawk === undefined) {
    console.error('lint  beside squawk: not measured, there is no squawk on PATH (npm package squawk-cli)')
    return []
  }
  const files = names.map((name) => join(migrations, name))
  return [measure('beside squawk', own, 'squawk', () => timeOf(folder, [...files, '--reporter', 'json'], '', squawk))]
}

function has(folder: string, name: string): boolean {
  try {
    return readdirSync(folder).includes(name)
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '')) return false
    throw error
  }
}

/** Findings are no failure here: 0, 1 (squawk) and 3 are answers. */
function timeOf(folder: string, args: readonly string[], input = '', program = process.execPath): number {
  const begun = performance.now()
  const { status, stderr } = spawnSync(program, args, {
    cwd: folder,
    input,
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
    env: { ...process.env, XDG_CACHE_HOME: join(folder, 'cache') },
  })
  const took = performance.now() - begun
  if (status !== 0 && status !== 1 && status !== 3) throw new Error(`${args[0]} ended with ${status}: ${stderr}`)
  return took
}
