import type { ErrorKind } from '../domain/errors.ts'
import type { Outcome } from '../domain/journal.ts'
import type { OperationEnd } from '../engine/run.ts'

/** docs/what-happens-when.md says what each means for users of the app. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  refused: 3,
  held: 4,
  reverted: 5,
  person: 6,
  interrupted: 130,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

export function exitOfError(kind: ErrorKind): ExitCode {
  switch (kind) {
    case 'usage':
      return EXIT.usage
    case 'refused':
      return EXIT.refused
    case 'held':
      return EXIT.held
    case 'failed':
      return EXIT.failed
    case 'person':
      return EXIT.person
  }
}

export function exitOfOutcome(outcome: Outcome): ExitCode {
  switch (outcome) {
    case 'done':
      return EXIT.done
    case 'failed':
    case 'aborted':
      return EXIT.failed
    case 'reverted':
      return EXIT.reverted
    case 'stuck':
    case 'unsettled':
      return EXIT.person
  }
}

/**
 * How an operation ended, for a script. One that failed says more by why it failed: a person is needed when something cannot be known, and a gate of
 * phase A is a refusal, because nothing was changed.
 */
export function exitOfEnd({ outcome, error, state }: OperationEnd): ExitCode {
  if (outcome !== 'failed' || error === null) return exitOfOutcome(outcome)
  if (error.kind === 'person') return EXIT.person
  return error.kind === 'refused' && state.unwinding?.phase === 'prepare' ? EXIT.refused : EXIT.failed
}
