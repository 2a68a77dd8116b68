import type { ErrorRecord } from '../errors.ts'
import type { Effect, Entry, Fact, Outcome } from '../journal.ts'
import type { Json } from '../json.ts'
import type { Phase } from '../phase.ts'
import type { Plan } from '../plan/plan.ts'

/**
 * Where one step stands.
 * - `started`     the effect may be there: asked of the step's `check` before anything else
 * - `failed`      with what remains of it
 * - `undo-failed` the operation is stuck here
 */
export type StepState =
  | { readonly is: 'waiting' }
  | { readonly is: 'started'; readonly attempt: number; readonly at: string }
  | { readonly is: 'succeeded'; readonly output: Json; readonly at: string; readonly tookMs: number }
  | {
      readonly is: 'failed'
      readonly remains: 'nothing' | 'effect' | 'unknown'
      readonly error: ErrorRecord
      readonly at: string
    }
  | { readonly is: 'undoing' }
  | {
      readonly is: 'undone'
      readonly kept: string | null
      /** Kinds of what the undo says of the environment. */
      readonly effects: readonly Effect['effect'][]
    }
  | { readonly is: 'undo-failed'; readonly error: ErrorRecord; readonly manual: readonly string[] }

/** One operation, as its entries tell it. */
export interface OperationState {
  readonly plan: Plan
  readonly actor: string
  readonly startedAt: string
  readonly steps: { readonly [id: string]: StepState }
  readonly unwinding: { readonly phase: Phase; readonly because: ErrorRecord; readonly aborted: boolean } | null
  readonly finished: {
    readonly outcome: Outcome
    readonly error: ErrorRecord | null
    readonly seenMs: number | null
    readonly at: string
  } | null
}

const WAITING: StepState = { is: 'waiting' }

export function stepState(operation: OperationState, step: string): StepState {
  return operation.steps[step] ?? WAITING
}

/** The one table of legal transitions; `from` → facts that may follow. */
const LEGAL: { readonly [from in StepState['is']]: readonly Fact['kind'][] } = {
  waiting: ['step-started'],
  started: ['step-started', 'step-succeeded', 'step-failed', 'undo-started', 'undo-finished'],
  succeeded: ['undo-started', 'undo-finished'],
  // Succeeded after failed: its check found the effect when somebody came to take it up.
  failed: ['step-started', 'step-succeeded', 'undo-started', 'undo-finished'],
  undoing: ['undo-started', 'undo-finished', 'undo-failed'],
  undone: [],
  'undo-failed': ['undo-started', 'undo-finished'],
}

type StepFact = Extract<Fact, { readonly step: string }>

function nextStepState(state: StepState, fact: StepFact, at: string): StepState {
  if (!LEGAL[state.is].includes(fact.kind)) {
    throw new Error(`the journal says ${fact.kind} of step ${fact.step}, which is ${state.is}: that cannot follow`)
  }
  switch (fact.kind) {
    case 'step-started':
      return { is: 'started', attempt: fact.attempt, at }
    case 'step-succeeded':
      return { is: 'succeeded', output: fact.output, at, tookMs: fact.tookMs }
    case 'step-failed':
      return { is: 'failed', remains: fact.remains, error: fact.error, at }
    case 'undo-started':
      return { is: 'undoing' }
    case 'undo-finished':
      return { is: 'undone', kept: fact.kept, effects: fact.effects.map(({ effect }) => effect) }
    case 'undo-failed':
      return { is: 'undo-failed', error: fact.error, manual: fact.manual }
  }
}

/** Null stays null until `operation-started`. An illegal transition is an error: when recording and when replaying. */
export function foldOperation(
  operation: OperationState | null,
  entry: Pick<Entry, 'fact' | 'at' | 'actor'>,
): OperationState | null {
  const { fact, at } = entry
  if (fact.kind === 'operation-started') {
    return { plan: fact.plan, actor: entry.actor, startedAt: at, steps: {}, unwinding: null, finished: null }
  }
  if (operation === null) return null
  switch (fact.kind) {
    case 'step-started':
    case 'step-succeeded':
    case 'step-failed':
    case 'undo-started':
    case 'undo-finished':
    case 'undo-failed':
      return {
        ...operation,
        steps: { ...operation.steps, [fact.step]: nextStepState(stepState(operation, fact.step), fact, at) },
      }
    case 'unwinding':
      return { ...operation, unwinding: { phase: fact.phase, because: fact.because, aborted: fact.aborted } }
    case 'operation-finished':
      return { ...operation, finished: { outcome: fact.outcome, error: fact.error, seenMs: fact.seenMs, at } }
    default:
      return operation
  }
}

/** The step at which an undo failed, when the operation is stuck. */
export function stuckAt(
  operation: OperationState,
): { readonly step: string; readonly error: ErrorRecord; readonly manual: readonly string[] } | null {
  for (const { id } of operation.plan.steps) {
    const state = stepState(operation, id)
    if (state.is === 'undo-failed') return { step: id, error: state.error, manual: state.manual }
  }
  return null
}

/** The pivot whose effect is there, or may be: from then on only forward. */
export function passedPivot(operation: OperationState): string | null {
  for (const { id, pivot } of operation.plan.steps) {
    if (pivot !== true) continue
    const state = stepState(operation, id)
    if (state.is === 'started' || state.is === 'succeeded') return id
    if (state.is === 'failed' && state.remains !== 'nothing') return id
  }
  return null
}
