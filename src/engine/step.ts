import type { OperationId } from '../domain/ids.ts'
import type { Effect } from '../domain/journal.ts'
import type { Json } from '../domain/json.ts'
import type { Phase } from '../domain/phase.ts'

/** What a finished step leaves: its output, for later steps, and what it did to the environment, for the fold. */
export interface StepResult {
  readonly output: Json
  readonly effects: readonly Effect[]
}

export interface StepContext<Ports> {
  readonly ports: Ports
  readonly operation: OperationId
  readonly actor: string
  /** The generation that fences this operation's writes at the edge and the runtime. */
  readonly generation: number
  /** Output of an earlier, finished step. A step that is not there is a programmer's error. */
  readonly output: (step: string) => Json
  /** Aborted when the step's time is over or the operator asked to stop. */
  readonly signal: AbortSignal
  /** One line for the live view; not journalled. */
  readonly say: (text: string) => void
}

/**
 * One step of an operation. Rules (each has a test in `test/crash/`):
 * - the state before a change is observed by an earlier step, never inside the step that changes it
 * - `execute` may run again after a crash at any instant, and every undo accepts "already gone"
 * - `check` tells whether the effect is there: asked before a repeat and after a failure. `unknown` means it cannot be told, and
 *   the step is undone like one whose effect is there
 */
export interface Step<Ports, Params = Json> {
  readonly id: string
  readonly limits: { readonly attempts: number; readonly timeoutMs: number }
  /** Default: `unknown` after a failure, `not-done` before a repeat. */
  readonly check?: (params: Params, context: StepContext<Ports>) => Promise<StepResult | 'not-done' | 'unknown'>
  readonly execute: (params: Params, context: StepContext<Ports>) => Promise<StepResult>
  /** `'none'` is written out: nothing to take back, or not possible. Returns what changed. */
  readonly undo: 'none' | ((params: Params, context: StepContext<Ports>) => Promise<readonly Effect[]>)
  /** When the operation fails in this phase or later the effect is kept, for forensics, and the undo does not run. */
  readonly keptFrom?: Phase
  /** What a person types when the undo failed: exact commands. */
  readonly manual?: (params: Params, context: StepContext<Ports>) => readonly string[]
}

export const NOTHING: StepResult = { output: null, effects: [] }

/** Binds the type of the parameters, which a plan carries as JSON; steps of all kinds then live in one registry. */
export function defineStep<Ports, Params>(step: Step<Ports, Params>): Step<Ports> {
  return step as unknown as Step<Ports>
}
