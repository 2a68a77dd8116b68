import type { JudgedMigrations } from '../domain/compatibility/judged.ts'
import type { DataServiceName, Sha } from '../domain/ids.ts'
import type { ArtifactCache } from '../ports/artifact-cache.ts'
import type { Clock } from '../ports/clock.ts'
import type { DataService } from '../ports/data-service.ts'
import type { Database, DatabaseMark } from '../ports/database.ts'
import type { Anchor, Edge } from '../ports/edge.ts'
import type { Probe } from '../ports/probe.ts'
import type { Registry } from '../ports/registry.ts'
import type { Runtime } from '../ports/runtime.ts'
import type { TextStore } from '../ports/text-store.ts'

/** What the steps of an application's operations may use. */
export interface StepPorts {
  readonly edge: Edge
  readonly runtime: Runtime
  readonly registry: Registry
  readonly cache: ArtifactCache
  readonly probe: Probe
  readonly data: readonly DataService[]
  readonly texts: TextStore
  readonly clock: Clock
  /** Where the journal's chain stands now: stored at the edge with every flip. */
  readonly anchor: () => Promise<Anchor>
  /** Where a database stood when a step of an operation marked it, from the journal. Error `no-mark` (kind `refused`). */
  readonly markOf: (
    mark: { readonly operation: string; readonly step: string },
    service: DataServiceName,
  ) => Promise<DatabaseMark>
  /** The greatest number of a timeline that any server of this data is known to have had, from the journal; 1 when it says nothing. */
  readonly lastTimeline: (service: DataServiceName) => Promise<number>
  /** Judges a release's migrations against the rollback window; null when it says nothing of them. What it may need later is kept on this host. */
  readonly judgeMigrations: (sha: Sha) => Promise<JudgedMigrations | null>
  /** Rows of `newer` that `older` has not, one CSV file a table in the folder; tables without such rows have no file. */
  readonly writeLostRows: (ask: {
    readonly folder: string
    readonly service: DataServiceName
    readonly newer: Database
    readonly older: Database
  }) => Promise<readonly { readonly file: string; readonly rows: number }[]>
}
