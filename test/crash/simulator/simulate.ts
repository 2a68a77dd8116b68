import { Coverage } from './coverage.ts'
import type { Violation } from './judge.ts'
import { runSchedule } from './schedule.ts'

export interface SimulationAsk {
  readonly seed: number
  readonly from?: number
  readonly schedules: number
  /** Ends after so many bad schedules. */
  readonly stopAfter: number
}

export interface SimulationReport {
  readonly seed: number
  readonly schedules: number
  readonly perSecond: number
  readonly bad: readonly { readonly index: number; readonly violations: readonly Violation[] }[]
  readonly missed: readonly string[]
  readonly reached: { readonly crashes: number; readonly points: number; readonly wanted: number }
  readonly faults: { readonly [name: string]: number }
  readonly endings: { readonly [name: string]: number }
  readonly failed: boolean
  readonly text: readonly string[]
}

/** With fewer schedules than this the rare crash points are a matter of luck: said, not judged. */
const COVERAGE_FROM = 8_000
const MAX_LINES = 400

export async function simulate({ seed, from = 0, schedules, stopAfter }: SimulationAsk): Promise<SimulationReport> {
  const coverage = new Coverage()
  const bad: { index: number; violations: readonly Violation[] }[] = []
  const begun = performance.now()
  let ran = 0
  for (let index = from; index < from + schedules && bad.length < stopAfter; index += 1) {
    const { violations } = await runSchedule(seed, index, coverage)
    ran += 1
    if (violations.length > 0) bad.push({ index, violations })
  }
  const perSecond = Math.round((ran / (performance.now() - begun)) * 1000)
  const missed = coverage.missed()
  const judged = ran >= COVERAGE_FROM
  const crashes = [...coverage.crashes.values()].reduce((sum, one) => sum + one, 0)
  const report = {
    seed,
    schedules: ran,
    perSecond,
    bad,
    missed,
    reached: { crashes, points: coverage.wanted - missed.length, wanted: coverage.wanted },
    faults: Object.fromEntries(coverage.faults),
    endings: Object.fromEntries(coverage.endings),
    failed: bad.length > 0 || (judged && missed.length > 0),
  }
  return { ...report, text: await tellAll(report, judged) }
}

async function tellAll(report: Omit<SimulationReport, 'text'>, judged: boolean): Promise<readonly string[]> {
  const { seed, schedules, perSecond, bad, missed, reached } = report
  const lines = [
    `seed ${seed}: ${schedules} schedules, ${perSecond} a second, ${reached.crashes} crashes at ${reached.points} of ${reached.wanted} crash points`,
    ...table('faults', report.faults),
    ...table('endings', report.endings),
    ...missed.slice(0, 20).map((name) => `${judged ? 'never reached' : 'not reached yet'}: ${name}`),
  ]
  for (const { index, violations } of bad) {
    lines.push(`✗ schedule ${index}: npm run simulate -- --seed ${seed} --only ${index}`)
    for (const { invariant, text } of violations.slice(0, 5)) lines.push(`    ${invariant}: ${text}`)
  }
  const [first] = bad
  if (first !== undefined) {
    const { lines: story } = await runSchedule(seed, first.index, new Coverage(), true)
    lines.push(`the story of schedule ${first.index}:`, ...(story ?? []).slice(-MAX_LINES))
  }
  lines.push(bad.length === 0 ? '0 violations' : `${bad.length} schedules with violations`)
  return lines
}

function table(title: string, counts: { readonly [name: string]: number }): readonly string[] {
  const rows = Object.entries(counts).toSorted((a, b) => b[1] - a[1])
  return [`${title}: ${rows.map(([name, count]) => `${name} ${count}`).join(' · ')}`]
}
