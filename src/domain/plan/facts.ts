import type { Color } from '../color.ts'
import type { EdgeState } from '../edge-state.ts'
import type { EnvironmentRecord } from '../history/record.ts'
import type { AppName, EnvironmentName, OperationId, Sha } from '../ids.ts'
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
  /** Of the environment, for every component; recorded with a release at its launch. */
  readonly environment: { readonly [name: string]: EnvironmentValue }
}

/** What a planner knows: observed before, never by itself. */
export interface PlanFacts {
  readonly app: AppName
  readonly environment: EnvironmentName
  readonly operation: OperationId
  readonly record: EnvironmentRecord
  readonly edge: EdgeState
  readonly settings: PlanSettings
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
