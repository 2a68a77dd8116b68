import type { Color } from '../color.ts'
import type { EdgeState } from '../edge-state.ts'
import type { EnvironmentRecord } from '../history/record.ts'
import type { AppName, DataServiceName, EnvironmentName, OperationId, Sha, SnapshotName } from '../ids.ts'
import type { EnvironmentValue, Manifest } from '../release.ts'
import type { ColorTopology } from '../topology.ts'

/** What a plan is made with, of an environment's settings. */
export interface PlanSettings {
  /** Phase D: `consecutive` good answers in a row per instance, one every `intervalMs`, at most `limitMs` altogether. */
  readonly check: { readonly consecutive: number; readonly intervalMs: number; readonly limitMs: number }
  /** Phase F: watch the edge's counters for `bakeMs`; with fewer than `minRequests` the probe decides. */
  readonly verify: {
    readonly bakeMs: number
    readonly intervalMs: number
    readonly minRequests: number
    readonly maxErrorRate: number
  }
  readonly drain: { readonly policy: 'leave' | 'close'; readonly afterMs: number }
  readonly snapshots: {
    /** After it the storage removes a snapshot by itself. */
    readonly keepMs: number
    /** Phase B refuses below it. */
    readonly minFreeBytes: number
    /** Storage that cannot snapshot at one moment: stop, snapshot, start. */
    readonly allowStop: boolean
    /** After a deploy the snapshot is proved in the background. */
    readonly verify: boolean
    /** What a restore replaced is kept at least so long. */
    readonly keepReplacedMs: number
  }
  /** Of the environment, for every component; recorded with a release at its launch. */
  readonly environment: { readonly [name: string]: EnvironmentValue }
}

/** A data service as it was seen when the plan was made. */
export interface DataServiceFacts {
  readonly name: DataServiceName
  readonly kind: 'postgres' | 'files'
  readonly instance: string
  /** Names that are taken. */
  readonly snapshots: readonly SnapshotName[]
  /** Whether a snapshot of it, running, is one moment. */
  readonly isAtomic: boolean
}

/** What a planner knows: observed before, never by itself. */
export interface PlanFacts {
  readonly app: AppName
  readonly environment: EnvironmentName
  readonly operation: OperationId
  readonly record: EnvironmentRecord
  readonly edge: EdgeState
  readonly settings: PlanSettings
  readonly data: readonly DataServiceFacts[]
  /** For each statement of a migration. */
  readonly lockTimeoutMs: number
  /** Addresses of a release on a color: pure. */
  readonly addresses: (color: Color, manifest: Manifest) => ColorTopology
  readonly reason: string | null
}

/** A release with what planning needs of it. */
export interface ReleaseFacts {
  readonly sha: Sha
  readonly manifest: Manifest
}

/** A plan before its hash. */
export type { Plan } from './plan.ts'
