import { readFileSync } from 'node:fs'

export interface Tally {
  readonly passed: number
  readonly failed: number
  /** What a reader must know besides the numbers: one line each. */
  readonly notes: readonly string[]
}

interface Report {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly numTodoTests: number
  readonly testResults: readonly {
    readonly name: string
    readonly status: string
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[]
  }[]
}

/** Counts vitest's JSON report. A file that did not load, a test that was skipped and an error outside any test are failures too. */
export function tallyVitest(text: string, exitCode: number | null): Tally {
  const report = JSON.parse(text) as Report
  const notes: string[] = []
  const broken = report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && !assertionResults.some((one) => one.status === 'failed'),
  )
  for (const { name } of broken) notes.push(`the file failed outside its tests: ${name}`)
  const skipped = report.numPendingTests + report.numTodoTests
  if (skipped > 0) notes.push(`${skipped} tests did not run; they count as failed`)
  const failed = report.numFailedTests + broken.length + skipped
  if (failed > 0 || exitCode === 0) return { passed: report.numPassedTests, failed, notes }
  return { passed: report.numPassedTests, failed: 1, notes: [...notes, `vitest ended with ${exitCode ?? 'a signal'}`] }
}

/** Nothing readable counts as one failure. */
export function readTally(file: string, exitCode: number | null): Tally {
  try {
    return tallyVitest(readFileSync(file, 'utf8'), exitCode)
  } catch (error) {
    return {
      passed: 0,
      failed: 1,
      notes: [`vitest left no report: ${error instanceof Error ? error.message : String(error)}`],
    }
  }
}
