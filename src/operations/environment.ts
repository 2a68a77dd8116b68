import type { Config, EnvironmentConfig } from '../config/types.ts'
import type { JournalId, OperationId } from '../domain/ids.ts'
import type { ArtifactCache } from '../ports/artifact-cache.ts'
import type { Clock } from '../ports/clock.ts'
import type { DataService } from '../ports/data-service.ts'
import type { Edge } from '../ports/edge.ts'
import type { Hooks } from '../ports/hooks.ts'
import type { Journal } from '../ports/journal.ts'
import type { Liveness } from '../ports/liveness.ts'
import type { Probe } from '../ports/probe.ts'
import type { Registry } from '../ports/registry.ts'
import type { Runtime } from '../ports/runtime.ts'
import type { SharedLock } from '../ports/shared-lock.ts'
import type { TextStore } from '../ports/text-store.ts'
import type { UsageStore } from '../ports/usage-store.ts'

/** One environment with everything an operation may use, made by `compose.ts` (or by a test, from fakes). */
export interface Environment {
  readonly config: Config
  readonly settings: EnvironmentConfig
  readonly journal: Journal
  readonly edge: Edge
  readonly runtime: Runtime
  readonly registry: Registry
  readonly cache: ArtifactCache
  readonly probe: Probe
  readonly data: readonly DataService[]
  readonly texts: TextStore
  /** For what runs once at a time on this host, beside operations. */
  readonly locks: SharedLock
  readonly usage: UsageStore
  readonly liveness: Liveness
  readonly hooks: Hooks
  readonly clock: Clock
  /** Sorts behind `after`, whatever the clock says: logs and folders are told old from new by it. */
  readonly newOperationId: (after: OperationId | null) => OperationId
  /** Who asks: shown in the history. */
  readonly actor: string
}

/** All of it but the journal. */
export type Surroundings = Omit<Environment, 'journal'>

export interface Progress {
  readonly entry: (entry: import('../domain/journal.ts').Entry) => void
  readonly say: (step: string, text: string) => void
}

export const SILENT: Progress = { entry: () => undefined, say: () => undefined }

export interface RunOptions {
  /** How long to wait for another operation; a lock that a person took is never waited for. Default 0. */
  readonly lockWaitMs?: number
  readonly signal?: AbortSignal
  readonly progress?: Progress
}

export type { JournalId }
