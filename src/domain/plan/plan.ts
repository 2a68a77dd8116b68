import type { Color } from '../color.ts'
import type { AgreedOverride } from '../compatibility/override.ts'
import type { AppName, EnvironmentName, OperationId, Sha } from '../ids.ts'
import type { Json } from '../json.ts'
import type { Phase } from '../phase.ts'

/** The shape below. A binary that does not know the number refuses to run or resume the plan. */
export const PLAN_VERSION = 1

export type OperationKind = 'deploy' | 'rollback' | 'cleanup' | 'restore' | 'sql'

/** One line of the plan: which step, with what. The code of the step is found by its id. */
export interface PlannedStep {
  readonly id: string
  readonly phase: Phase
  readonly title: string
  readonly params: Json
  /** From here on only forward: a later failure stops the operation for a person instead of undoing it. */
  readonly pivot?: true
}

/** What was true when the plan was made. Refused (exit 3) when one of them no longer holds at the start. */
export interface Assumptions {
  /** `seq` and `hash` are not here: other entries (a freeze, a note) do not void a plan. */
  readonly live: { readonly color: Color; readonly sha: Sha } | null
  readonly standby: { readonly color: Color; readonly sha: Sha | null }
  readonly edgeGeneration: number
  /** The last finished operation: journal and edge are looked at one after the other, and one may have ended in between. */
  readonly lastOperation: OperationId | null
}

/** An operation as data. What is shown is hashed; what is approved by that hash is what runs. */
export interface Plan {
  readonly version: typeof PLAN_VERSION
  readonly operation: OperationId
  readonly kind: OperationKind
  /** Of a rollback, and of a restore that undoes another. */
  readonly mode: 'fast' | 'full' | 'undo' | null
  readonly app: AppName
  readonly environment: EnvironmentName
  /** What the environment serves afterwards; null when the operation sends traffic nowhere else. */
  readonly target: { readonly color: Color; readonly sha: Sha } | null
  /** What it serves before. */
  readonly from: { readonly color: Color; readonly sha: Sha } | null
  /** The way back that this operation destroys, for people to read; null when none. */
  readonly consumes: string | null
  /** Why this target and this way were chosen, one fact a line. */
  readonly because: readonly string[]
  readonly reason: string | null
  /** What a person takes on themselves; left out when nothing. */
  readonly override?: AgreedOverride
  readonly assumes: Assumptions
  readonly steps: readonly PlannedStep[]
  /** SHA-256 over the canonical JSON of everything above, 64 hex digits. */
  readonly hash: string
}
