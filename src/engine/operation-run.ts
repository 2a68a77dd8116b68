import { BackflipError, type ErrorRecord, toErrorRecord } from '../domain/errors.ts'
import { foldOperation, type OperationState, stepState } from '../domain/history/operation.ts'
import type { Entry, Fact, Outcome } from '../domain/journal.ts'
import type { Json } from '../domain/json.ts'
import type { Phase } from '../domain/phase.ts'
import type { Plan } from '../domain/plan/plan.ts'
import type { Clock } from '../ports/clock.ts'
import type { Hooks } from '../ports/hooks.ts'
import type { Journal } from '../ports/journal.ts'
import type { Step, StepContext } from './step.ts'

export interface Listener {
  /** Called for each entry once it is durable. */
  readonly entry: (entry: Entry) => void
  /** A line of progress; not journalled. */
  readonly say: (step: string, text: string) => void
}

/** One operation under way: what it needs, and the state that its entries have led to so far. */
export interface OperationRun<Ports> {
  readonly plan: Plan
  readonly steps: ReadonlyMap<string, Step<Ports>>
  readonly ports: Ports
  readonly journal: Journal
  readonly hooks: Hooks
  readonly clock: Clock
  readonly token: number
  readonly generation: number
  readonly actor: string
  /** The operator's wish to stop: seen between steps and, as far as they look, within them. */
  readonly signal: AbortSignal
  readonly listener: Listener
  state: OperationState
  /** When this process began the operation, by the monotonic clock; null after a crash. */
  readonly beganMs: number | null
  /** When this process wrote which entry, likewise: durations are measured with it. */
  readonly writtenMs: Map<number, number>
  /** The step that this process began with the durable write that ended the one before; null after a crash. */
  begun: string | null
}

/** Appends facts and folds them; the only way the state changes. */
export async function write<Ports>(run: OperationRun<Ports>, facts: readonly Fact[]): Promise<void> {
  // Folded before it is durable: what cannot follow must never get into the journal, which could not be read again.
  const at = run.clock.now()
  facts.reduce<OperationState | null>((state, fact) => foldOperation(state, { fact, at, actor: run.actor }), run.state)
  const entries = await run.journal.append(
    run.token,
    facts.map((fact) => ({ operation: run.plan.operation, actor: run.actor, fact })),
  )
  for (const entry of entries) {
    run.writtenMs.set(entry.seq, run.clock.monotonicMs())
    run.state = foldOperation(run.state, entry) ?? run.state
    run.listener.entry(entry)
  }
}

export function finishedFact<Ports>(
  run: OperationRun<Ports>,
  outcome: Outcome,
  error: ErrorRecord | null,
  seenMs: number | null,
): Fact {
  const { clock, beganMs, state } = run
  // Begun by a process that died: the wall clock is all that both had.
  const tookMs = beganMs === null ? betweenMs(state.startedAt, clock.now()) : Math.round(clock.monotonicMs() - beganMs)
  return { kind: 'operation-finished', outcome, error, seenMs, tookMs }
}

/** By the wall clock, which may have been set back in between. */
function betweenMs(from: string, to: string): number {
  return Math.max(0, Date.parse(to) - Date.parse(from))
}

/** From one entry to a later one: by the monotonic clock where this process wrote both, else as the stamps say. */
export function entriesApartMs<Ports>({ writtenMs }: OperationRun<Ports>, from: Entry, to: Entry): number {
  const [begin, end] = [writtenMs.get(from.seq), writtenMs.get(to.seq)]
  return begin === undefined || end === undefined ? betweenMs(from.at, to.at) : Math.round(end - begin)
}

/** The operator asked to stop: what the step said on its way out matters less. */
export function interruptedRecord<Ports>({ actor }: OperationRun<Ports>): ErrorRecord {
  return { code: 'interrupted', kind: 'failed', message: `interrupted by ${actor}` }
}

/** Our time is over: another holder has the environment, and nothing more may be written or done. */
export function isLost(error: unknown): boolean {
  return error instanceof BackflipError && (error.code === 'lease-lost' || error.code === 'fenced')
}

export function findStep<Ports>(run: OperationRun<Ports>, id: string): Step<Ports> {
  const step = run.steps.get(id)
  if (step !== undefined) return step
  throw unknownStep(id)
}

export function unknownStep(id: string): BackflipError {
  return new BackflipError(`this version of backflip does not know the step ${JSON.stringify(id)} of the plan`, {
    code: 'unknown-step',
    kind: 'refused',
    hint: 'finish the operation with the version that began it: backflip resume',
  })
}

export function stepContext<Ports>(run: OperationRun<Ports>, step: string, signal: AbortSignal): StepContext<Ports> {
  return {
    ports: run.ports,
    operation: run.plan.operation,
    actor: run.actor,
    generation: run.generation,
    output: (id) => outputOf(run.state, id),
    signal,
    say: (text) => run.listener.say(step, text),
  }
}

function outputOf(state: OperationState, id: string): Json {
  const known = stepState(state, id)
  if (known.is === 'succeeded') return known.output
  throw new Error(`step ${id} left no output: it is ${known.is}`)
}

/**
 * Runs an operator's hook. Its failure is an entry and is returned; what it means is the caller's.
 * Hooks are not steps: after a crash a phase's hooks may run again, and their guide says so.
 */
export async function phaseHook<Ports>(
  run: OperationRun<Ports>,
  hook: string,
  phase: Phase,
  failure: ErrorRecord | null,
): Promise<ErrorRecord | null> {
  try {
    await run.hooks.run(hook, hookContext(run, phase, failure))
    return null
  } catch (error) {
    const record = toErrorRecord(error)
    await write(run, [{ kind: 'hook-failed', hook, error: record }])
    return record
  }
}

function hookContext<Ports>(
  { plan, actor }: OperationRun<Ports>,
  phase: Phase,
  failure: ErrorRecord | null,
): { readonly [key: string]: Json } {
  return {
    app: plan.app,
    environment: plan.environment,
    operation: plan.operation,
    kind: plan.kind,
    phase,
    actor,
    sha: plan.target?.sha ?? null,
    color: plan.target?.color ?? null,
    from: plan.from?.sha ?? null,
    reason: plan.reason,
    error: failure?.message ?? null,
  }
}
