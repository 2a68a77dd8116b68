import { describe, expect, it } from 'vitest'
import { readTally, tallyVitest } from './vitest-report.ts'

const file = (status: string, ...tests: readonly string[]) => ({
  name: 'a.test.ts',
  status,
  assertionResults: tests.map((one) => ({ status: one, fullName: one })),
})
const report = (facts: object) =>
  JSON.stringify({
    numPassedTests: 0,
    numFailedTests: 0,
    numPendingTests: 0,
    numTodoTests: 0,
    testResults: [],
    ...facts,
  })

describe('the last line of npm test counts', () => {
  it('what passed and what failed', () => {
    const text = report({
      numPassedTests: 2,
      numFailedTests: 1,
      testResults: [file('failed', 'passed', 'passed', 'failed')],
    })
    expect(tallyVitest(text, 1)).toEqual({ passed: 2, failed: 1, notes: [] })
    expect(tallyVitest(report({ numPassedTests: 2, testResults: [file('passed', 'passed', 'passed')] }), 0)).toEqual({
      passed: 2,
      failed: 0,
      notes: [],
    })
  })

  it('a file that did not load as a failure, although no test of it failed', () => {
    expect(tallyVitest(report({ testResults: [file('failed')] }), 1)).toMatchObject({ passed: 0, failed: 1 })
    const beside = report({
      numFailedTests: 1,
      testResults: [file('failed'), file('failed', 'failed'), file('failed')],
    })
    expect(tallyVitest(beside, 1)).toMatchObject({ passed: 0, failed: 3 })
  })

  it('a test that was skipped as a failure: nobody looked', () => {
    expect(tallyVitest(report({ numPassedTests: 1, numPendingTests: 2, numTodoTests: 1 }), 0)).toMatchObject({
      passed: 1,
      failed: 3,
    })
  })

  it('an error outside every test as a failure', () => {
    expect(tallyVitest(report({ numPassedTests: 5 }), 1)).toMatchObject({ passed: 5, failed: 1 })
    expect(tallyVitest(report({ numPassedTests: 5 }), null)).toMatchObject({ passed: 5, failed: 1 })
  })

  it('no report as a failure', () => {
    expect(readTally('/nowhere/report.json', 0)).toMatchObject({ passed: 0, failed: 1 })
  })
})
