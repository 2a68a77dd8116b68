import { BackflipError, type ErrorRecord, toErrorRecord } from '../domain/errors.ts'
import { stepState } from '../domain/history/operation.ts'
import type { Fact } from '../domain/journal.ts'
import type { PlannedStep } from '../domain/plan/plan.ts'
import {
  findStep,
  finishedFact,
  interruptedRecord,
  isLost,
  type OperationRun,
  stepContext,
  write,
} from './operation-run.ts'
import type { Step, StepResult } from './step.ts'

/** Between two attempts of one step. */
const RETRY_PAUSE_MS = 200
/** For a `check`: a look, never a change. */
const CHECK_TIMEOUT_MS = 10_000

/**
 * Brings one step to its end and writes it down. Null when it succeeded, else the error; what remains of its effect is journalled.
 *
 * `next` is started in the same durable write that ends this step, when nothing stands between them: half the fsyncs of a flip.
 */
export async function attemptStep<Ports>(
  run: OperationRun<Ports>,
  planned: PlannedStep,
  next: PlannedStep | undefined,
): Promise<ErrorRecord | null> {
  const step = findStep(run, planned.id)
  const begun = run.clock.monotonicMs()
  const before = stepState(run.state, planned.id)
  const begunJustNow = run.begun === planned.id
  run.begun = null
  // Found begun after a crash: the effect may be there. Ask first, repeat only if it is not.
  if ((before.is === 'started' && !begunJustNow) || before.is === 'failed') {
    const found = await look(run, step, planned)
    if (typeof found === 'object') return succeed(run, planned, next, found, begun, true)
  }
  const attempts = step.limits.attempts
  for (let attempt = 1; ; attempt += 1) {
    if (!begunJustNow || attempt > 1) await write(run, [{ kind: 'step-started', step: planned.id, attempt }])
    try {
      const result = await bounded(run, step, (signal) =>
        step.execute(planned.params, stepContext(run, planned.id, signal)),
      )
      return await succeed(run, planned, next, result, begun, false)
    } catch (error) {
      if (isLost(error)) throw error
      if (attempt < attempts && mayRetry(error) && !run.signal.aborted) {
        await run.clock.sleep(RETRY_PAUSE_MS)
        continue
      }
      return fail(run, step, planned, error, begun)
    }
  }
}

/** A gate's no and a person's case do not change by asking again. */
function mayRetry(error: unknown): boolean {
  return !(error instanceof BackflipError) || error.kind === 'failed'
}

async function succeed<Ports>(
  run: OperationRun<Ports>,
  planned: PlannedStep,
  next: PlannedStep | undefined,
  { output, effects }: StepResult,
  begun: number,
  found: boolean,
): Promise<null> {
  const tookMs = Math.round(run.clock.monotonicMs() - begun)
  const facts: Fact[] = [{ kind: 'step-succeeded', step: planned.id, output, effects, tookMs, found }]
  const chained = isNextAtOnce(run, planned, next)
  if (chained) facts.push({ kind: 'step-started', step: next.id, attempt: 1 })
  // The last step of all: what it says and that the operation is done are one thing.
  if (next === undefined && run.hooks.isEmpty) facts.push(finishedFact(run, 'done', null, null))
  await write(run, facts)
  if (chained) run.begun = next.id
  return null
}

/** Whether nothing can happen between the two: no hook, no wish to stop. */
function isNextAtOnce<Ports>(
  run: OperationRun<Ports>,
  planned: PlannedStep,
  next: PlannedStep | undefined,
): next is PlannedStep {
  if (next === undefined || run.signal.aborted || stepState(run.state, next.id).is !== 'waiting') return false
  return next.phase === planned.phase || run.hooks.isEmpty
}

async function fail<Ports>(
  run: OperationRun<Ports>,
  step: Step<Ports>,
  planned: PlannedStep,
  error: unknown,
  begun: number,
): Promise<ErrorRecord> {
  // A failure is not known to be clean: the call may have arrived and then timed out (research/stack.md §3, the verified gap).
  const found = await look(run, step, planned)
  const remains = found === 'not-done' ? 'nothing' : found === 'unknown' ? 'unknown' : 'effect'
  const record = run.signal.aborted ? interruptedRecord(run) : toErrorRecord(error)
  const tookMs = Math.round(run.clock.monotonicMs() - begun)
  await write(run, [{ kind: 'step-failed', step: planned.id, error: record, remains, tookMs }])
  return record
}

async function look<Ports>(
  run: OperationRun<Ports>,
  step: Step<Ports>,
  planned: PlannedStep,
): Promise<StepResult | 'not-done' | 'unknown'> {
  if (step.check === undefined) return 'unknown'
  const check = step.check
  try {
    return await within(run, CHECK_TIMEOUT_MS, step.id, (signal) =>
      check(planned.params, stepContext(run, planned.id, signal)),
    )
  } catch (error) {
    if (isLost(error)) throw error
    return 'unknown'
  }
}

function bounded<Ports>(
  run: OperationRun<Ports>,
  step: Step<Ports>,
  work: (signal: AbortSignal) => Promise<StepResult>,
): Promise<StepResult> {
  return within(run, step.limits.timeoutMs, step.id, work)
}

/** Ends the waiting after its time, also when the work ignores the signal: what it left is then asked of `check`. */
export async function within<Ports, T>(
  run: OperationRun<Ports>,
  timeoutMs: number,
  step: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const timer = new AbortController()
  const over = new AbortController()
  const late = run.clock.sleep(timeoutMs, over.signal).then(
    () => {
      const error = new BackflipError(`${step} took longer than its limit of ${timeoutMs} ms`, {
        code: 'step-timeout',
        kind: 'failed',
      })
      timer.abort(error)
      throw error
    },
    () => new Promise<never>(() => undefined),
  )
  try {
    return await Promise.race([work(AbortSignal.any([timer.signal, run.signal])), late])
  } finally {
    over.abort()
  }
}
