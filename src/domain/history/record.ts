import type { Color } from '../color.ts'
import type { ApprovalRequest, OverrideRecord } from '../compatibility/override.ts'
import type { ReleaseVerdict } from '../compatibility/verdict.ts'
import type { DataServiceName, JournalId, OperationId, Sha, SnapshotName } from '../ids.ts'
import type { LeaseRecord, Outcome } from '../journal.ts'
import type { OperationKind } from '../plan/plan.ts'
import type { CarriedMigration, EnvironmentValue } from '../release.ts'
import type { OperationState } from './operation.ts'

/** The shape below. A checkpoint of another version is thrown away and folded again. */
export const RECORD_VERSION = 3

/** What the journal says a color holds. The runtime says what really runs; `status` shows both. */
export interface ColorRecord {
  readonly is: 'empty' | 'launching' | 'started' | 'stopped'
  readonly sha: Sha | null
  readonly operation: OperationId | null
  /** ISO 8601, UTC. */
  readonly since: string | null
}

/** One time that a release got the traffic.
 * - `unproven`    it has not passed phase F
 * - `good`        it has
 * - `reverted`    its operation took the traffic back
 * - `rolled-away` a person went back from it
 */
export interface ServedRecord {
  readonly sha: Sha
  readonly color: Color
  readonly at: string
  readonly operation: OperationId
  readonly fate: 'unproven' | 'good' | 'reverted' | 'rolled-away'
}

export interface LedgerRecord {
  readonly sha: Sha
  /** Digest of the manifest at the first deploy here. */
  readonly manifestSha256: string
  readonly environment: { readonly [component: string]: { readonly [name: string]: EnvironmentValue } }
  readonly fingerprints: { readonly [name: string]: string }
}

export interface OperationSummary {
  readonly operation: OperationId
  readonly kind: OperationKind
  readonly mode: 'fast' | 'full' | 'undo' | null
  readonly sha: Sha | null
  readonly actor: string
  readonly startedAt: string
  readonly finishedAt: string
  readonly outcome: Outcome
  readonly phase: string | null
}

/** A snapshot that an operation took. Whether it is still there is for the storage to say. */
export interface SnapshotRecord {
  readonly service: DataServiceName
  readonly snapshot: SnapshotName
  readonly takenAt: string
  readonly expiresAt: string | null
  /** What was live then; null before the first deploy. */
  readonly live: Sha | null
  readonly before: string
  /** Whose `mark-data` says where the database stood. */
  readonly operation: OperationId
  readonly verified: 'not-yet' | 'verified' | 'failed'
  readonly verifiedAt: string | null
  /** How long the proof took: what the same of a restore will take, roughly. */
  readonly verifyMs: number | null
  readonly recoveredTo: string | null
  readonly checks: readonly string[]
}

/** What a restore put aside, and can be put back. */
export interface ReplacedRecord {
  readonly service: DataServiceName
  readonly keptAs: string
  readonly from: string
  readonly at: string
  readonly operation: OperationId
  /** What was put back by it: kept again should this one be undone by its own operation. */
  readonly over: ReplacedRecord | null
}

/** One state of the schema, told by which migrations made it. */
export interface SchemaState {
  /** The release that migrated last. Null: nobody knows what the schema is, because data was restored or another journal was adopted. */
  readonly sha: Sha | null
  readonly at: string
  /** Applied here and not carried by that release: one that was taken back brought them. Their texts are kept on this host. */
  readonly extra: readonly CarriedMigration[]
  /** What a person took back by hand (`sql --inverse-of`); the SQL is kept on this host. */
  readonly inverses: readonly { readonly of: string; readonly sha256: string }[]
  /** Of the releases that were in the rollback window, and of this one. */
  readonly verdicts: readonly ReleaseVerdict[]
}

export interface SchemaRecord {
  /** Null: no migration ran here since this is kept track of. */
  readonly now: SchemaState | null
  /** What a migration was to make of it that did not end well: somewhere between the two. */
  readonly next: SchemaState | null
}

export interface ApprovalRecord extends ApprovalRequest {
  readonly askedBy: string
  readonly askedAt: string
  readonly approvedBy: string | null
}

/** An environment as its journal tells it: the fold of all entries. Plain data, bounded, saved as a checkpoint. */
export interface EnvironmentRecord {
  readonly seq: number
  readonly hash: string
  readonly journal: JournalId | null
  readonly live: {
    readonly color: Color
    readonly sha: Sha
    readonly since: string
    readonly operation: OperationId
  } | null
  readonly colors: Readonly<Record<Color, ColorRecord>>
  /** Oldest first. */
  readonly served: readonly ServedRecord[]
  readonly blocked: readonly {
    readonly sha: Sha
    readonly operation: OperationId
    readonly at: string
    readonly why: string
  }[]
  readonly freeze: {
    readonly reason: string
    readonly actor: string
    readonly at: string
    readonly operation: OperationId | null
  } | null
  readonly lease: LeaseRecord | null
  readonly open: OperationState | null
  readonly last: OperationSummary | null
  readonly ledger: readonly LedgerRecord[]
  /** Oldest first. */
  readonly snapshots: readonly SnapshotRecord[]
  /** Oldest first; those that are still kept. */
  readonly replaced: readonly ReplacedRecord[]
  /** Since when users are kept away; null when they are not. */
  readonly maintenance: { readonly since: string; readonly operation: OperationId | null } | null
  readonly schema: SchemaRecord
  /** Oldest first; also those that no longer matter (`openOverrides`). */
  readonly overrides: readonly OverrideRecord[]
  /** What a second person was asked, oldest first. */
  readonly approvals: readonly ApprovalRecord[]
}

const EMPTY_COLOR: ColorRecord = { is: 'empty', sha: null, operation: null, since: null }

export function emptyRecord(): EnvironmentRecord {
  return {
    seq: 0,
    hash: '0'.repeat(64),
    journal: null,
    live: null,
    colors: { blue: EMPTY_COLOR, green: EMPTY_COLOR },
    served: [],
    blocked: [],
    freeze: null,
    lease: null,
    open: null,
    last: null,
    ledger: [],
    snapshots: [],
    replaced: [],
    maintenance: null,
    schema: { now: null, next: null },
    overrides: [],
    approvals: [],
  }
}
