import type { Color } from '../color.ts'
import type { AgreedOverride, OverrideRecord } from '../compatibility/override.ts'
import type { ErrorRecord } from '../errors.ts'
import type { ApprovalRecord, SnapshotRecord } from '../history/record.ts'
import type { AppName, DataServiceName, EnvironmentName, JournalId, OperationId, Sha, SnapshotName } from '../ids.ts'
import type { Outcome } from '../journal.ts'
import type { Phase } from '../phase.ts'
import type { OperationKind, Plan } from '../plan/plan.ts'

/** One line of the timeline. */
export interface Moment {
  readonly seq: number
  /** ISO 8601, UTC, by the writer's clock. */
  readonly at: string
  readonly operation: OperationId | null
  readonly actor: string
  readonly text: string
  /** Of what ended here; null where nothing was measured. */
  readonly tookMs: number | null
}

/** Where users were sent from one moment on. */
export interface TrafficMove {
  readonly seq: number
  readonly at: string
  readonly operation: OperationId
  readonly color: Color | null
  readonly sha: Sha | null
  /** The operation took back its own switch. */
  readonly isUndo: boolean
}

/** From when on users saw the maintenance page, or did not any more. */
export interface MaintenanceMove {
  readonly at: string
  readonly operation: OperationId
  readonly on: boolean
}

/** One operation as a report tells it. */
export interface IncidentOperation {
  readonly operation: OperationId
  readonly kind: OperationKind
  readonly mode: Plan['mode']
  readonly actor: string
  readonly reason: string | null
  readonly target: Plan['target']
  readonly from: Plan['from']
  /** Why this target and this way, and what was said of the schema: as the plan had it when it was approved. */
  readonly because: readonly string[]
  readonly consumes: string | null
  readonly override: AgreedOverride | null
  readonly startedAt: string
  /** Null while it is open. */
  readonly finishedAt: string | null
  /** `open`: it runs, or its process ended before it did. A stuck one is open too, and has `stuck`. */
  readonly outcome: Outcome | 'open'
  readonly error: ErrorRecord | null
  /** The phase in which it failed; null when none did. */
  readonly failedIn: Phase | null
  readonly stuck: { readonly step: string; readonly error: ErrorRecord; readonly manual: readonly string[] } | null
  /** How long users saw a release that it took back itself. */
  readonly seenMs: number | null
  readonly tookMs: number | null
  /** What its steps took, the failed ones included; undoing is not in it. */
  readonly phasesMs: { readonly [phase in Phase]?: number }
  readonly traffic: readonly TrafficMove[]
  readonly maintenance: readonly MaintenanceMove[]
  /** Counted by the edge while it watched the release; null when it did not come to its end. */
  readonly answers: { readonly requests: number; readonly serverErrors: number } | null
  readonly snapshots: readonly { readonly service: DataServiceName; readonly snapshot: SnapshotName }[]
  /** `snapshot` is null when an earlier restore was taken back: then `from` is what that one had kept. */
  readonly replaced: readonly {
    readonly service: DataServiceName
    readonly snapshot: SnapshotName | null
    readonly from: string
    readonly keptAs: string
  }[]
  /** Transactions that a restore lost; null when it lost none, or nobody counted. */
  readonly lost: number | null
  readonly exported: readonly { readonly file: string; readonly rows: number }[]
  /** Migrations that its SQL took back. */
  readonly tookBack: readonly string[]
  readonly moments: readonly Moment[]
}

/** A release that was taken back, gone back from, or never verified, and for how long users got it. */
export interface BadRelease {
  readonly sha: Sha
  readonly color: Color
  readonly how: 'reverted' | 'rolled-away' | 'not-verified'
  /** The switch to it; null when it was before what the report covers. */
  readonly since: string | null
  readonly broughtBy: OperationId | null
  /** The switch away from it; null while users get it. */
  readonly until: string | null
  readonly endedBy: OperationId | null
  /** Measured by one clock where one process made both switches, else from the entries' times. Null when one of the two is not known. */
  readonly liveMs: number | null
}

/** What a deploy of the report changed, by the manifests of both releases. */
export interface ReleaseChange {
  readonly sha: Sha
  /** What it was to replace; null at the first deploy. */
  readonly from: Sha | null
  /** Null when its manifest is not on this host. */
  readonly builtBy: string | null
  readonly builtAt: string | null
  /** Null when one of the two manifests is not on this host. */
  readonly difference: {
    /** Those that were added, removed or changed. */
    readonly components: readonly string[]
    readonly migrations: {
      readonly added: readonly string[]
      readonly removed: readonly string[]
      readonly changed: readonly string[]
    }
  } | null
}

export interface Closed {
  readonly operation: OperationId
  readonly since: string
  /** Null while users see it. */
  readonly until: string | null
  readonly closedMs: number | null
}

/** What is not as it should be now, and what to type. */
export interface OpenMatter {
  readonly what:
    | 'operation'
    | 'stuck'
    | 'maintenance'
    | 'freeze'
    | 'lock'
    | 'override'
    | 'approval'
    | 'migration'
    | 'way-back'
    | 'snapshot'
    | 'kept-data'
  readonly text: string
  readonly since: string | null
  readonly next: string | null
}

/** Ticked only with what the journal shows; everything else is a person's. */
export interface ChecklistItem {
  readonly id: string
  readonly text: string
  readonly isDone: boolean
  readonly evidence: string | null
}

/** The incident report: a fold of the journal, and what `backflip incident --json` prints below `incident`. Consumers ignore fields they do not know. */
export interface IncidentReport {
  readonly app: AppName
  readonly environment: EnvironmentName
  readonly madeAt: string
  /** The operation that it is about: the one that was asked for, or the last that did not go well. */
  readonly about: OperationId
  /** What it covers. `isWhole` is false when more operations began in this time than are told: those around `about` are. */
  readonly covers: {
    readonly since: string
    readonly until: string
    readonly firstSeq: number
    readonly lastSeq: number
    readonly isWhole: boolean
  }
  readonly journal: {
    readonly id: JournalId
    readonly entries: number
    readonly hash: string
    /** Whether it goes on from where the edge saw it last, by the entry that the edge names. */
    readonly anchor: 'agrees' | 'none' | 'cut' | 'differs' | 'foreign' | 'not-seen'
  }
  /** Oldest first. */
  readonly operations: readonly IncidentOperation[]
  /** One for each release that was deployed. */
  readonly changes: readonly ReleaseChange[]
  /** Oldest first. */
  readonly timeline: readonly Moment[]
  readonly impact: { readonly bad: readonly BadRelease[]; readonly closed: readonly Closed[] }
  readonly overrides: {
    /** By operations of the report. */
    readonly used: readonly (AgreedOverride & { readonly operation: OperationId; readonly actor: string })[]
    /** Today, whoever used them. */
    readonly inForce: readonly OverrideRecord[]
    /** Nobody has agreed yet. */
    readonly waiting: readonly ApprovalRecord[]
  }
  /** Snapshots that operations of the report took, as far as they are kept track of. */
  readonly snapshots: readonly SnapshotRecord[]
  /** What is left to do today, whatever the report covers. */
  readonly open: readonly OpenMatter[]
  readonly checklist: readonly ChecklistItem[]
}
