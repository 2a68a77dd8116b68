import type { Color } from './color.ts'
import type { ApprovalRequest } from './compatibility/override.ts'
import type { ReleaseVerdict } from './compatibility/verdict.ts'
import type { ErrorRecord } from './errors.ts'
import type { DataServiceName, JournalId, OperationId, Sha, SnapshotName } from './ids.ts'
import type { Json } from './json.ts'
import type { Phase } from './phase.ts'
import type { Plan } from './plan/plan.ts'
import type { CarriedMigration, EnvironmentValue } from './release.ts'

/** What a finished step did to the environment. The fold reads these and never the names of steps. */
export type Effect =
  | { readonly effect: 'color-emptied'; readonly color: Color }
  | { readonly effect: 'color-launching'; readonly color: Color; readonly sha: Sha }
  | {
      readonly effect: 'color-started'
      readonly color: Color
      readonly sha: Sha
      /** Pinned at the first deploy; every later one must match. */
      readonly manifestSha256: string
      /** Per component the environment it was started with, secrets as references: a rollback gets exactly this. */
      readonly environment: { readonly [component: string]: { readonly [name: string]: EnvironmentValue } }
      /** Keyed fingerprints of the secrets, `component.NAME` → hex: how a rollback can say "rotated since". */
      readonly fingerprints: { readonly [name: string]: string }
    }
  | { readonly effect: 'color-stopped'; readonly color: Color }
  | { readonly effect: 'live'; readonly color: Color | null; readonly sha: Sha | null; readonly generation: number }
  /** What the schema will be when the release has migrated, and who survives that. Nothing was changed by it. */
  | {
      readonly effect: 'migrations-judged'
      readonly sha: Sha
      readonly extra: readonly CarriedMigration[]
      readonly inverses: readonly { readonly of: string; readonly sha256: string }[]
      readonly verdicts: readonly ReleaseVerdict[]
    }
  | { readonly effect: 'migrated'; readonly sha: Sha }
  | {
      readonly effect: 'snapshot-taken'
      readonly service: DataServiceName
      readonly snapshot: SnapshotName
      /** ISO 8601, UTC: by the storage's clock. */
      readonly takenAt: string
      readonly expiresAt: string | null
      /** What was live then: its schema is in it. Null before the first deploy. */
      readonly live: Sha | null
      /** What it was taken for: `deploy 2f81…`, `restore …`, `sql …`. */
      readonly before: string
    }
  | { readonly effect: 'snapshot-removed'; readonly service: DataServiceName; readonly snapshot: SnapshotName }
  /** Users are kept away; the live color stays what it is. */
  | { readonly effect: 'maintenance'; readonly on: boolean }
  | {
      readonly effect: 'data-replaced'
      readonly service: DataServiceName
      /** What is live now: the copy of a snapshot, or what an earlier restore had replaced. */
      readonly from: string
      /** Name of the instance that was live before, kept. */
      readonly keptAs: string
    }
  /** A replacement that was undone by its own operation. */
  | { readonly effect: 'data-put-back'; readonly service: DataServiceName; readonly keptAs: string }
  | { readonly effect: 'kept-removed'; readonly service: DataServiceName; readonly keptAs: string }
  | { readonly effect: 'sql-run'; readonly sha256: string; readonly inverseOf: string | null }

/** How an operation ended.
 * - `done`      what was asked for was observed
 * - `failed`    users saw nothing; what was done is undone or kept for forensics
 * - `reverted`  users saw the release for `seenMs`; traffic is back
 * - `aborted`   a person ended it; undone
 * - `stuck`     an undo failed; traffic untouched since; a person is needed
 * - `unsettled` past its pivot and not verified: a person decides (exit 6)
 */
export type Outcome = 'done' | 'failed' | 'reverted' | 'aborted' | 'stuck' | 'unsettled'

/** Who holds a lease, precisely enough to prove that it is dead. */
export interface Holder {
  readonly actor: string
  readonly host: string
  readonly pid: number
  /** Start time of the process, in clock ticks since boot: a pid alone may be somebody else's by now. */
  readonly processStart: string
  readonly bootId: string
}

export interface LeaseRecord {
  /** The fencing token: grows by one with every lease of the environment. */
  readonly token: number
  /** An operation's lease may be waited for and adopted; a person's only released or broken. */
  readonly kind: 'operation' | 'person'
  readonly holder: Holder
  readonly message: string
  /** ISO 8601, UTC. */
  readonly takenAt: string
  /** How many times it was renewed. Compared by count, never by wall time. */
  readonly heartbeats: number
}

/** A release on a color as it was found, and the operation whose label its instances carry. */
export interface FoundRelease {
  readonly sha: Sha
  readonly operation: OperationId
}

export interface Found {
  readonly live: Color
  readonly colors: Readonly<Record<Color, FoundRelease | null>>
}

/** One thing that happened. Everything shown anywhere is a fold of these. */
export type Fact =
  | { readonly kind: 'journal-opened'; readonly journal: JournalId; readonly app: string; readonly environment: string }
  | {
      readonly kind: 'journal-adopted'
      readonly previous: JournalId | null
      readonly reason: string
      /** What was found to serve and to stand by, when the journal said otherwise: from here on it says this. */
      readonly found?: Found
    }
  | {
      readonly kind: 'lease-taken'
      readonly lease: LeaseRecord
      readonly replaces: { readonly token: number; readonly why: string } | null
    }
  | { readonly kind: 'lease-released'; readonly token: number }
  | { readonly kind: 'lease-broken'; readonly token: number; readonly reason: string }
  | { readonly kind: 'frozen'; readonly reason: string }
  | { readonly kind: 'unfrozen'; readonly reason: string }
  | { readonly kind: 'marked-good'; readonly sha: Sha; readonly reason: string }
  /** A second person is to agree to an override, and does. */
  | { readonly kind: 'override-asked'; readonly request: ApprovalRequest }
  | { readonly kind: 'override-approved'; readonly key: string }
  | { readonly kind: 'drift-repaired'; readonly what: string }
  /** By `snapshots prune`, outside of an operation: the order first, and each removal after it. */
  | {
      readonly kind: 'prune-ordered'
      readonly snapshots: readonly { readonly service: DataServiceName; readonly snapshot: SnapshotName }[]
      readonly kept: readonly { readonly service: DataServiceName; readonly keptAs: string }[]
    }
  | {
      readonly kind: 'data-removed'
      readonly effect: Extract<Effect, { readonly effect: 'snapshot-removed' | 'kept-removed' }>
    }
  | {
      readonly kind: 'snapshot-verified'
      readonly service: DataServiceName
      readonly snapshot: SnapshotName
      readonly isVerified: boolean
      /** One line a check. */
      readonly checks: readonly string[]
      /** Where the copy's own recovery ended: what was committed later is not in the snapshot. Null when it cannot be told. */
      readonly recoveredTo: string | null
      readonly tookMs: number
    }
  /** `untold`: why the runtime does not know its generation; left out when it does. Only of what gives the runtime no order. */
  | { readonly kind: 'operation-started'; readonly plan: Plan; readonly untold?: string }
  | { readonly kind: 'operation-resumed'; readonly by: Holder }
  | { readonly kind: 'step-started'; readonly step: string; readonly attempt: number }
  | {
      readonly kind: 'step-succeeded'
      readonly step: string
      readonly output: Json
      readonly effects: readonly Effect[]
      readonly tookMs: number
      readonly found: boolean
    }
  | {
      readonly kind: 'step-failed'
      readonly step: string
      readonly error: ErrorRecord
      readonly remains: 'nothing' | 'effect' | 'unknown'
      readonly tookMs: number
    }
  | { readonly kind: 'unwinding'; readonly phase: Phase; readonly because: ErrorRecord; readonly aborted: boolean }
  | { readonly kind: 'undo-started'; readonly step: string }
  | {
      readonly kind: 'undo-finished'
      readonly step: string
      readonly effects: readonly Effect[]
      readonly kept: string | null
      readonly tookMs: number
    }
  | {
      readonly kind: 'undo-failed'
      readonly step: string
      readonly error: ErrorRecord
      readonly manual: readonly string[]
    }
  | { readonly kind: 'hook-failed'; readonly hook: string; readonly error: ErrorRecord }
  | {
      readonly kind: 'operation-finished'
      readonly outcome: Outcome
      readonly error: ErrorRecord | null
      readonly seenMs: number | null
      readonly tookMs: number
    }

/** One line of the journal. `hash` covers every other field, `previous` included: a chain. */
export interface Entry {
  /** Counts from 1 without gaps. The order; `at` is for people. */
  readonly seq: number
  /** ISO 8601, UTC, by the writer's clock. */
  readonly at: string
  /** The lease under which it was written; 0 for what needs none (opening, a lease request). */
  readonly token: number
  readonly operation: OperationId | null
  readonly actor: string
  readonly fact: Fact
  /** Hash of the entry before; 64 zeros for the first. */
  readonly previous: string
  readonly hash: string
}

/** What a writer hands in; the store adds number, time and hashes. */
export interface Draft {
  readonly operation: OperationId | null
  readonly actor: string
  readonly fact: Fact
}

export const FIRST_PREVIOUS = '0'.repeat(64)

/** Kinds that the first page of the history is made of: stores keep an index of them. */
export const HEADLINES: readonly Fact['kind'][] = [
  'operation-started',
  'operation-finished',
  'frozen',
  'unfrozen',
  'marked-good',
  'lease-broken',
  'journal-adopted',
  'override-asked',
  'override-approved',
  'drift-repaired',
  'snapshot-verified',
  'prune-ordered',
]
