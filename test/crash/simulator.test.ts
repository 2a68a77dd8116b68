import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import type { SimulationReport } from './simulator/simulate.ts'

const MAIN = fileURLToPath(new URL('./simulator/main.ts', import.meta.url))
const SCHEDULES = 10_000
const LIMIT_MS = 600_000
const OUTPUT_BYTES = 16 * 1024 * 1024
const FIXED_SEED = 20_260_101

/** In a process of its own, as `npm run simulate` runs it. */
function simulate(seed: number, schedules: number, ...more: readonly string[]): Promise<SimulationReport> {
  const argv = [MAIN, '--seed', String(seed), '--schedules', String(schedules), '--json', ...more]
  return new Promise((done, refuse) => {
    execFile(process.execPath, argv, { timeout: LIMIT_MS, maxBuffer: OUTPUT_BYTES }, (error, stdout, stderr) => {
      if (stdout.startsWith('{')) done(JSON.parse(stdout) as SimulationReport)
      else refuse(new Error(`the simulator ended without a report: ${error?.message ?? ''}\n${stderr}`))
    })
  })
}

const randomSeed = Math.floor(Math.random() * 1_000_000_000)

const SEEDS = [
  ['the fixed seed', FIXED_SEED],
  [`the seed of today, ${randomSeed}`, randomSeed],
] as const

/** Both at once: there are two cores. */
const reports = new Map<number, SimulationReport>()
beforeAll(async () => {
  await Promise.all(SEEDS.map(async ([, seed]) => reports.set(seed, await simulate(seed, SCHEDULES))))
}, LIMIT_MS)

describe.each(SEEDS)('I1 to I8 hold in every schedule of %s', (_name, seed) => {
  let report: SimulationReport
  beforeAll(() => {
    const found = reports.get(seed)
    if (found === undefined) throw new Error('the simulation did not end')
    report = found
  })

  test('no violation', () => {
    expect(report.bad.length === 0 ? '' : report.text.join('\n')).toBe('')
    expect(report.schedules).toBe(SCHEDULES)
  })

  test('every step died before, between and after effect and journal, forward and back, up to three deep', () => {
    expect(report.missed).toEqual([])
    expect(report.reached.points).toBe(report.reached.wanted)
  })

  test('every kind of fault happened', () => {
    for (const fault of FAULTS) expect(report.faults[fault], fault).toBeGreaterThan(0)
  })

  test('operations ended in every way there is', () => {
    const outcomes = new Set(Object.keys(report.endings).map((name) => name.split(': ')[1]))
    for (const outcome of OUTCOMES) expect(outcomes, outcome).toContain(outcome)
  })
})

const FAULTS = [
  'two operators at once',
  'a process is stopped and goes on later',
  'a call fails before its effect (forward)',
  'a call fails after its effect (forward)',
  'a call fails before its effect (undo)',
  'a call fails after its effect (undo)',
  'the edge restarts',
  'the edge hangs',
  'the operator interrupts',
  'an instance of the standby color dies',
  'the cache loses a release',
  'somebody else comes while an operation is unfinished',
]

const OUTCOMES = [
  'done',
  'failed',
  'reverted',
  'aborted',
  'stuck',
  'unsettled',
  'lease-lost',
  'lease-held',
  'plan-outdated',
]

test(
  'a seed tells the same story every time',
  async () => {
    const [one, other] = await Promise.all([simulate(5, 150), simulate(5, 150)])
    expect(one.reached.crashes).toBeGreaterThan(0)
    expect({ ...one, perSecond: 0, text: [] }).toEqual({ ...other, perSecond: 0, text: [] })
  },
  LIMIT_MS,
)
