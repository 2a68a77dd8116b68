import type { RecordedStatement } from '../../../domain/compatibility/usage.ts'
import type { ReplayFile } from '../../../migrations/compatibility/replay-files.ts'

/** What is checked, wherever it comes from: a folder, or releases in a registry. */
export interface CheckSubject {
  /** What the database has. */
  readonly history: readonly ReplayFile[]
  /** What is to be applied, in order. */
  readonly pending: readonly PendingFile[]
  readonly releases: readonly SubjectRelease[]
}

export interface PendingFile {
  readonly file: ReplayFile
  /** Its own SQL for the way back. */
  readonly inverse: ReplayFile | null
}

export interface SubjectRelease {
  readonly name: string
  /** Null: nobody collected what it asks. */
  readonly usage: KnownUsage | null
  /** What it was written for, and what is applied on that. */
  readonly base: readonly ReplayFile[]
  readonly since: readonly ReplayFile[]
}

export interface KnownUsage {
  readonly uses: readonly string[]
  readonly statements: readonly RecordedStatement[]
  readonly leftOut: number
}
