import { describe, expect, it } from 'vitest'
import type { ErrorKind } from '../domain/errors.ts'
import type { Outcome } from '../domain/journal.ts'
import type { Phase } from '../domain/phase.ts'
import type { OperationEnd } from '../engine/run.ts'
import { exitOfEnd, exitOfError } from './exit-codes.ts'

/** Only what the exit code is read from. */
function end(outcome: Outcome, kind: ErrorKind | null, phase: Phase | null): OperationEnd {
  const error = kind === null ? null : { code: 'test', kind, message: 'test' }
  const unwinding = phase === null || error === null ? null : { phase, because: error, aborted: false }
  return { outcome, error, seenMs: null, state: { unwinding } as OperationEnd['state'] }
}

describe('exit codes', () => {
  it.each([
    ['usage', 2],
    ['refused', 3],
    ['held', 4],
    ['failed', 1],
    ['person', 6],
  ] as const)('an error of kind %s is %i', (kind, code) => {
    expect(exitOfError(kind)).toBe(code)
  })

  it.each([
    ['done', null, null, 0],
    ['failed', 'failed', 'check', 1],
    ['failed', 'refused', 'prepare', 3],
    ['failed', 'refused', 'switch', 1],
    ['failed', 'person', 'migrate', 6],
    ['aborted', 'failed', 'launch', 1],
    ['reverted', 'failed', 'verify', 5],
    ['reverted', 'person', 'verify', 5],
    ['stuck', 'failed', 'verify', 6],
    ['unsettled', 'failed', 'verify', 6],
  ] as const)('an operation that ended %s (%s, in %s) is %i', (outcome, kind, phase, code) => {
    expect(exitOfEnd(end(outcome, kind, phase))).toBe(code)
  })
})
