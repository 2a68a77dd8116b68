/**
 * `npm test`: every part, one after the other, one of them beside those after it, each with a line of its own; the last line is `N passed, N failed`. A part that cannot run
 * says so and counts as failed: a green line must mean that everything was looked at. `--only types,lint` runs some.
 */

import { mkdirSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { parseArgs } from 'node:util'
import { type Part, runProgram, SKIPPED } from './test/part.ts'
import { chooseParts, missingScript, REPORTS } from './test/parts.ts'
import { readTally, type Tally } from './test/vitest-report.ts'

const { values } = parseArgs({ options: { only: { type: 'string' } } })
const parts = chooseParts(values.only?.split(',') ?? null)
const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.abort())

for (const report of REPORTS) {
  mkdirSync(dirname(report), { recursive: true })
  rmSync(report, { force: true })
}

const tallies: Promise<Tally>[] = []
for (const part of parts) {
  const tally = runPart(part)
  tallies.push(tally)
  if (part.alongside !== true) await tally
}
const all = await Promise.all(tallies)
const passed = all.reduce((sum, tally) => sum + tally.passed, 0)
const failed = all.reduce((sum, tally) => sum + tally.failed, 0)
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1

async function runPart(part: Part): Promise<Tally> {
  const missing = missingScript(part)
  if (missing !== null) return told(part.name, failure(`cannot run: ${missing} is missing`), 0)
  if (stop.signal.aborted) return told(part.name, failure('cannot run: interrupted'), 0)
  try {
    const { code, output, timedOut, tookMs } = await runProgram(part, stop.signal)
    if (part.output === 'afterwards') console.log(output.trimEnd())
    if (timedOut) return told(part.name, failure(`ended: longer than ${part.limitMs / 60_000} minutes`), tookMs)
    if (part.maySkip && code === SKIPPED)
      return told(part.name, { passed: 0, failed: 0, notes: ['not run: see above'] }, tookMs)
    if (part.report !== undefined) return told(part.name, readTally(part.report, code), tookMs)
    if (code === 0) return told(part.name, { passed: 1, failed: 0, notes: [] }, tookMs)
    if (part.output === 'on-failure' && output !== '') console.log(output.trimEnd())
    return told(part.name, failure(`ended with ${code ?? 'a signal'}`), tookMs)
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    const why = isMissing ? `${part.argv[0]} is not installed` : error instanceof Error ? error.message : String(error)
    return told(part.name, failure(`cannot run: ${why}`), 0)
  }
}

function failure(note: string): Tally {
  return { passed: 0, failed: 1, notes: [note] }
}

function told(name: string, tally: Tally, tookMs: number): Tally {
  const mark = tally.failed === 0 ? '✓' : '✗'
  const counts = `${tally.passed} passed, ${tally.failed} failed`
  console.log(`${mark} ${name.padEnd(10)} ${counts.padEnd(24)} ${(tookMs / 1000).toFixed(1)} s`)
  for (const note of tally.notes) console.log(`    ${name}: ${note}`)
  return tally
}
