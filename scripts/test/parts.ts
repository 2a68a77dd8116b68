import { existsSync } from 'node:fs'
import type { Part } from './part.ts'

/** Fresh at every run of `npm test`. */
const VITEST_REPORT = '.cache/vitest.json'
const HEAVY_REPORT = '.cache/vitest-heavy.json'
const INCUS_REPORT = '.cache/vitest-incus.json'
export const REPORTS = [VITEST_REPORT, HEAVY_REPORT, INCUS_REPORT]

const MINUTE_MS = 60_000
const QUIET = { count: 'exit', output: 'on-failure', limitMs: 3 * MINUTE_MS } as const

const VITEST = ['node', 'node_modules/vitest/vitest.mjs', 'run']

/** In this order: what is cheap and says most comes first. */
const PARTS: readonly Part[] = [
  { name: 'haproxy', argv: ['haproxy', '-v'], ...QUIET },
  { name: 'strace', argv: ['strace', '-V'], ...QUIET },
  { name: 'postgres', argv: ['postgres', '--version'], ...QUIET },
  { name: 'types', argv: ['tsc', '-p', '.'], ...QUIET },
  { name: 'format', argv: ['biome', 'check', '.'], ...QUIET },
  { name: 'lint', argv: ['oxlint', '--type-aware', '--deny-warnings'], ...QUIET },
  { name: 'generated', argv: ['node', 'scripts/generate.ts', '--check'], ...QUIET },
  {
    name: 'incus',
    // It goes file by file, and waits more than it works: for containers to start, for servers to be ready.
    alongside: true,
    argv: ['node', 'test/incus/main.ts', '--fresh', 'run', ...reportTo(INCUS_REPORT)],
    count: 'vitest',
    report: INCUS_REPORT,
    maySkip: true,
    output: 'afterwards',
    limitMs: 20 * MINUTE_MS,
  },
  {
    name: 'tests',
    argv: [...VITEST, '--project=house', ...reportTo(VITEST_REPORT)],
    count: 'vitest',
    report: VITEST_REPORT,
    output: 'always',
    limitMs: 15 * MINUTE_MS,
  },
  {
    name: 'heavy',
    argv: [...VITEST, '--project=heavy', ...reportTo(HEAVY_REPORT)],
    count: 'vitest',
    report: HEAVY_REPORT,
    output: 'always',
    limitMs: 20 * MINUTE_MS,
  },
  {
    name: 'simulator',
    argv: ['node', 'test/crash/simulator/main.ts', '--schedules', '10000'],
    count: 'exit',
    output: 'always',
    limitMs: 5 * MINUTE_MS,
  },
]

function reportTo(file: string): readonly string[] {
  return ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
}

/** Every part, or those named. Throws for a name that is none. */
export function chooseParts(only: readonly string[] | null): readonly Part[] {
  const unknown = only?.find((name) => !PARTS.some((part) => part.name === name))
  if (unknown !== undefined) {
    throw new Error(`there is no part ${JSON.stringify(unknown)}: ${PARTS.map(({ name }) => name).join(', ')}`)
  }
  return PARTS.filter(({ name }) => only === null || only.includes(name))
}

/** A script of ours that a part needs and that is not there, or null. */
export function missingScript({ argv }: Part): string | null {
  const script = argv[0] === 'node' ? argv[1] : undefined
  return script !== undefined && !existsSync(script) ? script : null
}
