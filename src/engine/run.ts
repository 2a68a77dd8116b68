import { type ErrorRecord, refusal } from '../domain/errors.ts'
import { type OperationState, passedPivot, stepState } from '../domain/history/operation.ts'
import type { Outcome } from '../domain/journal.ts'
import { isAtOrAfter, type Phase } from '../domain/phase.ts'
import type { PlannedStep } from '../domain/plan/plan.ts'
import { attemptStep } from './attempt.ts'
import { finishedFact, interruptedRecord, type OperationRun, phaseHook, write } from './operation-run.ts'
import { unwind } from './unwind.ts'

export interface OperationEnd {
  readonly outcome: Outcome
  readonly error: ErrorRecord | null
  /** How long users saw the release that was taken back; null when they saw nothing of it. */
  readonly seenMs: number | null
  /** The operation as its journal tells it now. */
  readonly state: OperationState
}

/**
 * Runs an operation from wherever its journal says it is, to its end: a new one, one found after a crash, one that was unwinding.
 *
 * Forward through the steps; when one fails, back through those whose effect is there or may be. Past a pivot there is no way
 * back by itself: not verified, the operation ends `unsettled`, with the facts, for a person; half done, it is `unsettled` and stays open.
 *
 * Throws only when it may not write any more (`lease-lost`, `fenced`, a journal that fails): then nothing was changed after that.
 */
export async function runOperation<Ports>(run: OperationRun<Ports>): Promise<OperationEnd> {
  if (run.state.finished !== null) return ended(run)
  if (run.state.unwinding === null) {
    const failure = await forward(run)
    if (failure === null) return finish(run, 'done', null)
    const pivot = passedPivot(run.state)
    if (pivot !== null) {
      await onFailure(run, failure.phase, failure.error)
      // Half a switch stays open: nothing else may start before `resume` has brought it to its end.
      if (!isAtOrAfter(failure.phase, 'verify'))
        return { outcome: 'unsettled', error: failure.error, seenMs: null, state: run.state }
      return finish(run, 'unsettled', failure.error)
    }
    await write(run, [{ kind: 'unwinding', phase: failure.phase, because: failure.error, aborted: false }])
    await onFailure(run, failure.phase, failure.error)
  }
  return goBack(run)
}

/** A person ends an operation that has not passed its pivot. Error `past-pivot` (kind `refused`) when it has. */
export async function abortOperation<Ports>(run: OperationRun<Ports>): Promise<OperationEnd> {
  if (run.state.finished !== null) return ended(run)
  refusePastPivot(run.state)
  if (run.state.unwinding === null) {
    const because: ErrorRecord = { code: 'aborted', kind: 'failed', message: `aborted by ${run.actor}` }
    await write(run, [{ kind: 'unwinding', phase: phaseReached(run.state), because, aborted: true }])
  }
  return goBack(run)
}

/** Error `past-pivot` (kind `refused`). For who takes up an operation to abort it, before anything is written. */
export function refusePastPivot(state: OperationState): void {
  const pivot = passedPivot(state)
  if (pivot === null) return
  throw refusal(`${state.plan.kind} cannot be undone: it is past ${pivot}, from where it only goes forward`, {
    code: 'past-pivot',
    hint: 'backflip resume',
  })
}

/** The last phase of which a step was begun: what a person interrupts. */
function phaseReached(state: OperationState): Phase {
  const begun = state.plan.steps.findLast((step) => stepState(state, step.id).is !== 'waiting')
  return begun?.phase ?? 'prepare'
}

interface Failure {
  readonly phase: Phase
  readonly error: ErrorRecord
}

async function forward<Ports>(run: OperationRun<Ports>): Promise<Failure | null> {
  let phase: Phase | null = null
  for (const [index, planned] of run.plan.steps.entries()) {
    if (stepState(run.state, planned.id).is === 'succeeded') continue
    if (planned.phase !== phase) {
      const failed = await enterPhase(run, phase, planned.phase)
      if (failed !== null) return failed
      phase = planned.phase
    }
    const failed = await runStep(run, planned, run.plan.steps[index + 1])
    if (failed !== null) return failed
  }
  return phase === null || run.state.finished !== null ? null : leavePhase(run, phase)
}

async function runStep<Ports>(
  run: OperationRun<Ports>,
  planned: PlannedStep,
  next: PlannedStep | undefined,
): Promise<Failure | null> {
  if (run.signal.aborted) return { phase: planned.phase, error: interruptedRecord(run) }
  const error = await attemptStep(run, planned, next)
  return error === null ? null : { phase: planned.phase, error }
}

async function enterPhase<Ports>(
  run: OperationRun<Ports>,
  left: Phase | null,
  entered: Phase,
): Promise<Failure | null> {
  const failed = left === null ? null : await leavePhase(run, left)
  return failed ?? hooked(run, `pre-${entered}`, entered)
}

function leavePhase<Ports>(run: OperationRun<Ports>, left: Phase): Promise<Failure | null> {
  return hooked(run, `post-${left}`, left)
}

async function hooked<Ports>(run: OperationRun<Ports>, hook: string, phase: Phase): Promise<Failure | null> {
  const error = await phaseHook(run, hook, phase, null)
  return error === null ? null : { phase, error }
}

/** A failing failure-hook is written down and never hides the first error (wheels#3087, research/field.md §4.2). */
async function onFailure<Ports>(run: OperationRun<Ports>, phase: Phase, error: ErrorRecord): Promise<void> {
  await phaseHook(run, 'on-failure', phase, error)
}

async function goBack<Ports>(run: OperationRun<Ports>): Promise<OperationEnd> {
  const { stuck, seenMs } = await unwind(run)
  const { unwinding } = run.state
  const because = unwinding?.because ?? null
  // Stuck stays open: `resume` tries the undo again, and nothing else may start before a person has looked.
  if (stuck !== null) return { outcome: 'stuck', error: stuck, seenMs, state: run.state }
  if (seenMs !== null) return finish(run, 'reverted', because, seenMs)
  return finish(run, unwinding?.aborted === true ? 'aborted' : 'failed', because)
}

async function finish<Ports>(
  run: OperationRun<Ports>,
  outcome: Outcome,
  error: ErrorRecord | null,
  seenMs: number | null = null,
): Promise<OperationEnd> {
  if (run.state.finished === null) await write(run, [finishedFact(run, outcome, error, seenMs)])
  return { outcome, error, seenMs, state: run.state }
}

function ended<Ports>({ state }: OperationRun<Ports>): OperationEnd {
  if (state.finished === null) throw new Error('the operation is not finished')
  const { outcome, error, seenMs } = state.finished
  return { outcome, error, seenMs, state }
}
