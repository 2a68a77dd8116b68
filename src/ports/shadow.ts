import type { LockMode } from '../domain/lock-mode.ts'
/** A real PostgreSQL that nobody uses, on which migrations are tried before they meet people's data. */

/** One statement of a migration, as its runner sends it. */
export interface ShadowStatement {
  readonly text: string
  /** In its file, from 1. */
  readonly line: number
  /** It cannot stand inside a transaction (CONCURRENTLY, VACUUM …). */
  readonly isAlone: boolean
  /** BEGIN, COMMIT and the like: the file has transactions of its own. */
  readonly isControl: boolean
}

export interface ShadowFile {
  readonly name: string
  /** `file`: one transaction around everything. `statement`: each commits by itself. `unknown`: the first, and the second where the first cannot be. */
  readonly transaction: 'file' | 'statement' | 'unknown'
  readonly statements: readonly ShadowStatement[]
}

/** What PostgreSQL said. */
export interface SqlFailure {
  /** Five characters; `unknown` when the server did not say. */
  readonly sqlstate: string
  readonly message: string
  /** In the file, from 1; null when it is of the file as a whole. */
  readonly line: number | null
}

/** What one statement of a migration did to what was there before. */
export interface StatementEffect {
  readonly line: number
  /** Strongest mode per relation, `AccessExclusive` and so on, as a second session saw it. */
  readonly locks: readonly { readonly relation: string; readonly mode: LockMode }[]
  /** Relations that have another file since. */
  readonly rewrites: readonly string[]
  /** Tables that were read from beginning to end, with the rows that were there. */
  readonly scans: readonly { readonly relation: string; readonly rows: number }[]
  /** False for a statement outside of any transaction: its locks are gone before anybody can look. */
  readonly isSeen: boolean
}

export interface AppliedFile {
  readonly name: string
  /** Null: it went through. Otherwise, where it stopped; with `transaction: file` nothing of it is there. */
  readonly failure: SqlFailure | null
  readonly effects: readonly StatementEffect[]
}

export interface ShadowHistory {
  /** Files that were replayed now; the others came from a template. */
  readonly replayed: number
  readonly files: number
  /** What of the history does not apply here, with the reason: an extension that is not installed, a role. */
  readonly problems: readonly { readonly file: string; readonly failure: SqlFailure }[]
}

/** A statement of a release that is tried. */
export interface TriedAsk {
  readonly id: string
  /** SELECT, INSERT, UPDATE, DELETE, MERGE or VALUES, with `$1` … */
  readonly text: string
  /** Object ids of the parameters' types as the client named them, 0 for unknown; empty: the server infers all of them. */
  readonly parameterTypes: readonly number[]
  /** Parameters that were recorded, as text. Each row is one execution. */
  readonly samples: readonly (readonly (string | null)[])[]
}

export interface Tried {
  readonly id: string
  /** Null: it can be prepared. */
  readonly preparing: SqlFailure | null
  /** One per execution, in order; empty when it was not run. */
  readonly runs: readonly { readonly failure: SqlFailure | null }[]
  /** Why it was not run; null when it was. */
  readonly notRun: string | null
  /** Whether the parameters were made up here. */
  readonly isGenerated: boolean
}

/** A database of its own with the history applied, thrown away afterwards. */
export interface ShadowCopy {
  /** Puts made-up rows into tables. Returns how many rows each has; 0 where none fits its constraints. */
  seed(tables: readonly string[]): Promise<ReadonlyMap<string, number>>
  /** The schema as sorted lines, without the order of columns. */
  shape(): Promise<readonly string[]>
  /** Prepares statements in a session that lives on, as a pool's connection does; `stale` says afterwards which of them fail there now. */
  keepPrepared(statements: readonly TriedAsk[]): Promise<void>
  stale(): Promise<readonly { readonly id: string; readonly failure: SqlFailure }[]>
  /** Prepares each in a new session and runs it in a transaction that is rolled back. */
  tryAll(statements: readonly TriedAsk[]): Promise<readonly Tried[]>
  apply(file: ShadowFile): Promise<AppliedFile>
  /** Ends its sessions and drops it. */
  close(): Promise<void>
}

export interface ShadowDatabase {
  /** `given`: somebody's server. `own`: one that was started for this. `pglite`: PostgreSQL in this process. */
  readonly kind: 'given' | 'own' | 'pglite'
  readonly major: number
  /** `PostgreSQL 18.4, from …`: for people. */
  readonly place: string
  /** What cannot be looked at here, with the reason. */
  readonly notSeen: readonly string[]
  /** Replays what no template holds yet, and keeps the result. Repeatable. */
  prepare(history: readonly ShadowFile[]): Promise<ShadowHistory>
  /** After `prepare`. */
  copy(): Promise<ShadowCopy>
}

export interface Shadow {
  /** Starts what has to be started, and stops it afterwards. Error `no-shadow` (kind `refused`) with what to install. */
  with<T>(work: (database: ShadowDatabase) => Promise<T>): Promise<T>
}
