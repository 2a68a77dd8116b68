import { type ErrorRecord, toErrorRecord } from '../domain/errors.ts'
import { type StepState, stepState } from '../domain/history/operation.ts'
import type { Effect } from '../domain/journal.ts'
import { isAtOrAfter } from '../domain/phase.ts'
import type { PlannedStep } from '../domain/plan/plan.ts'
import { within } from './attempt.ts'
import { entriesApartMs, findStep, isLost, type OperationRun, stepContext, write } from './operation-run.ts'

const UNDO_ATTEMPTS = 3
const UNDO_PAUSE_MS = 300

export interface Unwound {
  /** The undo that failed: nothing after it was touched. */
  readonly stuck: ErrorRecord | null
  /** From the switch to its undo, when traffic was moved and taken back. */
  readonly seenMs: number | null
}

/** Undoes, latest first, every step whose effect is there or may be. Stops at the first undo that fails: nothing is skipped. */
export async function unwind<Ports>(run: OperationRun<Ports>): Promise<Unwound> {
  for (const planned of run.plan.steps.toReversed()) {
    if (!mayHaveEffect(stepState(run.state, planned.id))) continue
    const stuck = await undoStep(run, planned)
    if (stuck !== null) return { stuck, seenMs: await seen(run) }
  }
  return { stuck: null, seenMs: await seen(run) }
}

/** A failed step counts unless its check said "not done"; a started one always (research/stack.md §3). */
function mayHaveEffect(state: StepState): boolean {
  switch (state.is) {
    case 'waiting':
    case 'undone':
      return false
    case 'failed':
      return state.remains !== 'nothing'
    default:
      return true
  }
}

async function undoStep<Ports>(run: OperationRun<Ports>, planned: PlannedStep): Promise<ErrorRecord | null> {
  const step = findStep(run, planned.id)
  const begun = run.clock.monotonicMs()
  const done = (effects: readonly Effect[], kept: string | null) =>
    write(run, [
      { kind: 'undo-finished', step: planned.id, effects, kept, tookMs: Math.round(run.clock.monotonicMs() - begun) },
    ])
  if (step.undo === 'none') {
    await done([], 'nothing to take back')
    return null
  }
  if (
    step.keptFrom !== undefined &&
    run.state.unwinding !== null &&
    isAtOrAfter(run.state.unwinding.phase, step.keptFrom)
  ) {
    await done([], 'kept for forensics')
    return null
  }
  const { undo } = step
  await write(run, [{ kind: 'undo-started', step: planned.id }])
  for (let attempt = 1; ; attempt += 1) {
    try {
      // The operator's interrupt does not stop an undo: it is how the environment becomes whole again.
      const patient = { ...run, signal: new AbortController().signal }
      const effects = await within(patient, step.limits.timeoutMs, step.id, (signal) =>
        undo(planned.params, stepContext(run, planned.id, signal)),
      )
      await done(effects, null)
      return null
    } catch (error) {
      if (isLost(error)) throw error
      if (attempt < UNDO_ATTEMPTS) {
        await run.clock.sleep(UNDO_PAUSE_MS)
        continue
      }
      const record = toErrorRecord(error)
      const manual = step.manual?.(planned.params, stepContext(run, planned.id, run.signal)) ?? []
      await write(run, [{ kind: 'undo-failed', step: planned.id, error: record, manual }])
      return record
    }
  }
}

/** Read from the journal, so that it is right after a crash in the middle too. */
async function seen<Ports>(run: OperationRun<Ports>): Promise<number | null> {
  const entries = await run.journal.read({
    operation: run.plan.operation,
    kinds: ['step-started', 'step-succeeded', 'undo-finished'],
    limit: 1000,
  })
  const back = entries.find(
    ({ fact }) => fact.kind === 'undo-finished' && fact.effects.some(({ effect }) => effect === 'live'),
  )
  if (back === undefined || back.fact.kind !== 'undo-finished') return null
  const { step } = back.fact
  // From the beginning of the switch: a switch that failed half way may have moved traffic at any instant since.
  const moved =
    entries.find(({ fact }) => fact.kind === 'step-succeeded' && fact.step === step) ??
    entries.find(({ fact }) => fact.kind === 'step-started' && fact.step === step)
  return moved === undefined ? null : entriesApartMs(run, moved, back)
}
