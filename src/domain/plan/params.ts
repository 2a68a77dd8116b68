import type { Color } from '../color.ts'
import type { ComponentName, DataServiceName, Sha, SnapshotName } from '../ids.ts'
import type { EnvironmentValue, HealthCheck } from '../release.ts'
import type { Topology } from '../topology.ts'

/** The parameters of each step, as a plan carries them. Types, so that they are JSON (an interface has no index signature). */

export type FetchParams = {
  readonly sha: Sha
  /** Digest of the manifest at its first deploy here, or null at the first. */
  readonly pinned: string | null
}

export type WayBackParams = { readonly shas: readonly Sha[] }

export type JudgeParams = {
  readonly sha: Sha
  /** Of what was found when the plan was made. */
  readonly digest: string
}

export type MigrateParams = {
  readonly sha: Sha
  /** Handed on as PGOPTIONS: a migration that waits for a lock holds up everybody behind it. */
  readonly lockTimeoutMs: number
  /** Of the component that migrates, merged as for a launch. */
  readonly environment: Environments[string]
}

export type ColorParams = { readonly color: Color }

export type ShapeParams = { readonly topology: Topology }

export type Environments = { readonly [component: string]: { readonly [name: string]: EnvironmentValue } }

export type LaunchParams = {
  readonly color: Color
  readonly sha: Sha
  /** Per component, merged and recorded: a rollback starts the release with its own. */
  readonly environment: Environments
  readonly fingerprints: { readonly [name: string]: string }
}

export type CheckParams = {
  readonly color: Color
  readonly sha: Sha
  readonly consecutive: number
  readonly intervalMs: number
  readonly limitMs: number
  readonly instances: readonly {
    readonly name: string
    readonly component: ComponentName
    readonly url: string
    readonly health: HealthCheck
  }[]
}

/** A question to a component through the edge. */
export type PublicQuestion = {
  readonly component: ComponentName
  readonly host: string | null
  readonly health: HealthCheck
}

export type ReleaseParams = {
  readonly color: Color
  readonly sha: Sha
  readonly questions: readonly PublicQuestion[]
  readonly limitMs: number
}

export type FlipParams = { readonly color: Color; readonly sha: Sha }

export type BakeParams = {
  readonly color: Color
  readonly sha: Sha
  readonly bakeMs: number
  readonly intervalMs: number
  readonly minRequests: number
  readonly maxErrorRate: number
  readonly questions: readonly PublicQuestion[]
}

export type DrainParams = { readonly color: Color; readonly policy: 'leave' | 'close'; readonly afterMs: number }

export type CheckDataParams = {
  readonly services: readonly DataServiceName[]
  /** Storage that cannot snapshot at one moment is stopped for it, or refused. */
  readonly allowStop: boolean
  /** Of each pool. */
  readonly minFreeBytes: number
}

export type MarkDataParams = {
  readonly services: readonly DataServiceName[]
  /** Of the marker row; the restore point's name begins with it. */
  readonly mark: string
}

export type SnapshotDataParams = {
  readonly services: readonly {
    readonly service: DataServiceName
    readonly snapshot: SnapshotName
    /** Its storage cannot snapshot what runs at one moment. */
    readonly stopFirst: boolean
  }[]
  readonly keepMs: number
  readonly live: Sha | null
  readonly before: string
}

export type MaintenanceParams = {
  /** Who may be asked with the preview token meanwhile. */
  readonly candidate: Color
}

export type WritersParams = { readonly services: readonly DataServiceName[] }

export type CountLostParams = {
  readonly services: readonly {
    readonly service: DataServiceName
    /** Since which mark of which operation; and to where the snapshot was found to reach, when it was proved. */
    readonly mark: { readonly operation: string; readonly step: string }
    readonly from: string | null
  }[]
  /** At most so many transactions may be lost; null: any number, also an unknown one. */
  readonly maxLost: number | null
}

/** One service of a restore: what it goes to, and how what is live now is kept. */
export type ReplaceParams = {
  readonly services: readonly {
    readonly service: DataServiceName
    /** Null when an earlier restore is undone: then `copy` is what that one kept. */
    readonly snapshot: SnapshotName | null
    readonly copy: string
    readonly keepAs: string
    readonly mark: { readonly operation: string; readonly step: string } | null
    /** What was recovered from backups takes the place of the copy's own data: its log has a timeline of its own then. */
    readonly recovered?: true
  }[]
}

/** One service that is put back from its backups. */
export type RecoverParams = {
  readonly services: readonly {
    readonly service: DataServiceName
    /** Label of the backup. */
    readonly backup: string
    /** Its restore point is where the log is replayed to. */
    readonly mark: { readonly operation: string; readonly step: string }
    /** The copy in which it takes the place of the data. */
    readonly copy: string
  }[]
}

export type ExportParams = ReplaceParams & { readonly folder: string }

export type OpenParams = {
  readonly color: Color
  readonly sha: Sha
  /** The live release before, when it is another one. */
  readonly moves: boolean
}

export type RunSqlParams = {
  readonly service: DataServiceName
  /** Of the text; the text itself is kept on this host, not in the journal. */
  readonly sha256: string
  readonly inverseOf: string | null
  /** When not, one that died in the middle is never run again by itself. */
  readonly isOneTransaction: boolean
  readonly lockTimeoutMs: number
  readonly statementTimeoutMs: number
}
