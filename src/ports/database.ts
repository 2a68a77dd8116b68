import type { Lsn } from '../domain/data/lsn.ts'
import type { BackfillAsk, BackfillState } from './backfill.ts'
import type { Shortcoming } from './shortcoming.ts'

export interface AskedStatementsAsk {
  /** Whose; null: everybody's. */
  readonly role: string | null
  /** At most so many. */
  readonly limit: number
}

export interface AskedStatements {
  readonly statements: readonly AskedStatement[]
  /** How often the server threw statements out for want of room: with more than 0 these are not all that were asked. */
  readonly thrownOut: number
}

/** As the server normalises it: `$1` in place of constants. */
export interface AskedStatement {
  readonly text: string
  readonly calls: number
}

/** One user table of one database, partitions by themselves, as the statistics see it. `name` is `schema.table`. */
export interface TableCounters {
  readonly database: string
  readonly name: string
  /** Changes when the table is rewritten or truncated: counts of rows across such a change are not exact. */
  readonly fileNode: number
  /** Rows since the statistics began, those of aborted transactions included. */
  readonly inserted: number
  readonly updated: number
  readonly deleted: number
  /** The server's own estimate. */
  readonly liveRows: number
}

export interface DatabaseReplica {
  readonly name: string
  readonly address: string | null
  readonly state: string
}

export interface DatabaseSlot {
  readonly name: string
  readonly type: 'physical' | 'logical'
  readonly active: boolean
}

/** Where a server stands. Plain data: it may be journalled. */
export interface DatabaseFacts {
  /** 64-bit number in decimal: the same in a server and in every copy of it. */
  readonly systemId: string
  readonly timeline: number
  /** `15.18`. */
  readonly version: string
  /** The next byte that will be written. */
  readonly walLsn: Lsn
  /** Transaction ids below it were given out; 64 bits, never wraps. */
  readonly nextXid: number
  /** What the app's own query says (`schemaVersionQuery`); null without one, or without its table. */
  readonly schemaVersion: string | null
  /** SHA-256 over the definitions of everything in the user schemas of the app's database. */
  readonly schemaFingerprint: string
  /** Of all databases of the server, by database and name. At most 5,000; `tablesLeftOut` counts the rest. */
  readonly tables: readonly TableCounters[]
  readonly tablesLeftOut: number
  /** `name version`, of the app's database. */
  readonly extensions: readonly string[]
  readonly hasDataChecksums: boolean
  /** When the counters began, as text to be compared: another one means that they were reset, by a crash or by a person. */
  readonly countersSince: string
  readonly replicas: readonly DatabaseReplica[]
  readonly slots: readonly DatabaseSlot[]
  readonly openConnections: number
  /** `database.schema.table` of tables that are emptied by every restart after a crash, and so in every snapshot. */
  readonly unloggedTables: readonly string[]
  readonly isInRecovery: boolean
  /** `wal_keep_size`: how much of the log stays for `lossSince` after checkpoints. 0 is the server's default, and two checkpoints of it. */
  readonly walKeptBytes: number
  /** Of the app's database with all its tables and indexes. */
  readonly sizeBytes: number
}

/** A point in a database's life that a snapshot can be held against. Plain data, for the journal. */
export interface DatabaseMark {
  readonly name: string
  /** ISO 8601 with microseconds, UTC, by the database's clock. */
  readonly at: string
  /** Id of the transaction that wrote the marker row, and the end of the log before it had one: every later id's changes are behind it. */
  readonly xid: number
  readonly logFrom: Lsn
  /** After the marker row: a copy that was taken later has the row, and everything committed before it. */
  readonly facts: DatabaseFacts
  /** A restore point behind the row, where one was made; entries of older versions have none. */
  readonly point?: { readonly name: string; readonly lsn: Lsn }
}

export interface TableLoss {
  readonly database: string
  readonly name: string
  readonly inserted: number
  readonly updated: number
  readonly deleted: number
}

/** What is in this database and not in a copy of it. */
export interface DataLoss {
  readonly since: Lsn
  readonly until: Lsn
  readonly walBytes: number
  /** Committed transactions that changed rows of user tables: what people call "transactions". */
  readonly transactions: number
  /** All commits: also those of schema changes, of statistics kept by the server, of ours. */
  readonly commits: number
  /** Transaction ids given out, since the mark: aborted ones and subtransactions count too. */
  readonly xids: number
  /** Most changed first. Counted per committed change: a row inserted and then updated counts in both columns. */
  readonly tables: readonly TableLoss[]
  /** ISO 8601, UTC: the commit time of the last of `transactions`; null without one, or when only counters were left. */
  readonly lastWriteAt: string | null
  /** The log, transaction by transaction; or the statistics' counters, when the log is no longer there or too long. */
  readonly source: 'log' | 'counters' | 'none'
  /** Whether the numbers are the truth to the row. When not, `reservations` says why, one fact a line. */
  readonly isExact: boolean
  /** Where the truth lies when the numbers are not exact; `exact` otherwise. */
  readonly bound: 'exact' | 'at-least' | 'at-most' | 'about'
  /** Why it is not exact, and what numbers of rows never cover, such as unlogged tables. */
  readonly reservations: readonly string[]
}

export interface DatabaseConnection {
  readonly pid: number
  readonly database: string
  readonly user: string
  readonly application: string
  readonly address: string | null
  readonly state: string
  /** ISO 8601, UTC: when it connected. */
  readonly since: string
  readonly isSuperuser: boolean
}

export interface WriterState {
  /** `stopping`: closed to new sessions, and somebody is still there. */
  readonly state: 'allowed' | 'stopping' | 'stopped'
  /** Who could still write: sessions, replication workers, prepared transactions; one a line. */
  readonly remaining: readonly string[]
}

export type VerifyCheckName = 'ready' | 'system-id' | 'marker' | 'schema' | 'structure' | 'isolation' | 'checksums'

export interface VerifyCheck {
  readonly name: VerifyCheckName
  readonly result: 'passed' | 'failed' | 'skipped'
  /** What was seen. */
  readonly detail: string
  readonly durationMs: number
}

export interface Verification {
  /** Nothing failed, and nothing was skipped but checksums of a server that has none. */
  readonly isVerified: boolean
  readonly checks: readonly VerifyCheck[]
  /** Where the copy's own recovery found the end of the log: the snapshot's exact moment, for `lossSince`. Null when unknown. */
  readonly recoveredTo: Lsn | null
}

export interface SqlStatementReport {
  readonly line: number
  /** What the server said it did: `UPDATE 5`, `CREATE INDEX`. */
  readonly tag: string
  readonly rows: number | null
}

export interface SqlReport {
  readonly sha256: string
  /** One transaction around everything. False: a statement forbids it, `becauseOf` names it. */
  readonly isOneTransaction: boolean
  readonly becauseOf: string | null
  readonly statements: readonly SqlStatementReport[]
  /** Warnings and notices, at most 200 lines. */
  readonly notices: readonly string[]
}

/** What a SQL file is, before it is run. */
export interface SqlShape {
  readonly statements: number
  /** Why it cannot be one transaction; null when it can. */
  readonly becauseOf: string | null
}

export interface TableShape {
  /** `schema.table`, each quoted as SQL wants it where it must be. */
  readonly name: string
  /** In the table's order; generated ones left out. */
  readonly columns: readonly string[]
}

export interface RowsAsk {
  readonly table: string
  /** What the hash is made of; in this order. */
  readonly columns: readonly string[]
  /** False: hashes only, `values` is empty. */
  readonly withValues: boolean
}

/** One row, named by the hash of some of its columns. */
export interface HashedRow {
  /** SHA-256 in hex of the columns that were asked for. */
  readonly hash: string
  /** All columns that `tables` names, in its order; null is NULL. */
  readonly values: readonly (string | null)[]
}

/**
 * A data service that is a PostgreSQL server, or a copy of one. The suite is `test/contract/database.ts`.
 *
 * Nothing here opens a network connection. Every question has its time and its size; errors: `database-unreachable`, `database-no-right`,
 * `database-lock-timeout`, `database-timeout`, `database-error` with the SQLSTATE in `details`. Each says what was not changed.
 */
export interface Database {
  facts(): Promise<DatabaseFacts>
  /** What a snapshot, its proof or a restore will miss. Bounded: 15 s. */
  shortcomings(): Promise<readonly Shortcoming[]>

  /** Writes out what is dirty, so that a snapshot starts in a second and not in twenty. */
  checkpoint(): Promise<void>
  /**
   * A named place in the log, for point-in-time recovery: right behind its record. At most 63 bytes. Repeating it makes a second place with the same
   * name, and recovery stops at the first.
   */
  restorePoint(name: string): Promise<Lsn>
  /** Writes the marker row, durably, and says where the server stands after it. Repeatable: the row of that name is replaced. */
  mark(name: string): Promise<DatabaseMark>
  hasMarker(name: string): Promise<boolean>

  /**
   * What would be lost by going back to the mark, or to the copy that was taken after it: `from` is the copy's `recoveredTo`.
   * Exact to the row when `isExact` says so; with writers running it is exact for the moment `until`.
   */
  lossSince(mark: DatabaseMark, ask?: { readonly from?: Lsn; readonly maxWalBytes?: number }): Promise<DataLoss>

  connections(): Promise<readonly DatabaseConnection[]>
  writers(): Promise<WriterState>
  /**
   * Closes every database of the server to all but superusers, ends their sessions, and waits until they are gone. Repeatable; the state is
   * in the server, so it survives us, a restart and a copy. Error `writers-remain` (kind `failed`) names who cannot be stopped; the
   * databases stay closed then: `allowWriters` opens them.
   */
  stopWriters(): Promise<void>
  /** Opens them again, with the connection limits from before. Repeatable. */
  allowWriters(): Promise<void>

  /**
   * Proves that this running copy is whole and is a copy of what was marked. Changes the copy: extension, stop, start. Never for live. With
   * `forkAbove` one that is whole does `forkTimeline` with the same stop.
   */
  verify(mark: DatabaseMark, ask?: { readonly forkAbove?: number | null }): Promise<Verification>

  /** Reads a file's statements; asks nobody. Errors `sql-empty`, `sql-too-large`, `sql-not-runnable` (kind `usage`) with the line. */
  readSql(text: string): SqlShape
  /**
   * Runs a file's statements in order, in one transaction where their kinds allow it. Error `sql-failed` (kind `failed`) with statement,
   * line and SQLSTATE; its details say whether anything was kept.
   */
  runSql(ask: {
    readonly text: string
    readonly lockTimeoutMs: number
    readonly statementTimeoutMs: number
    /** A marker row that is written in the same transaction, or after the last statement: `hasMarker` says whether all of it was done. */
    readonly marker: string
  }): Promise<SqlReport>

  /**
   * Works on a change of rows for about `sliceMs`, or goes on with one that was begun under that name; call it until `phase` is `done`. Progress
   * is committed with the rows it is about, so it goes on where it stood after a crash of anybody. Errors: `backfill-held` (kind `held`) while
   * another session works on it, `backfill-changed` (kind `refused`) when the name is known with another statement, `backfill-no-key` (kind
   * `refused`) for a table without a primary key, `backfill-rows-remain` (kind `failed`) when passes do not end.
   */
  backfill(ask: BackfillAsk): Promise<BackfillState>
  /** What was asked since the server's statistics of statements began, most often first. Error `no-statement-statistics` (kind `failed`). */
  askedStatements(ask: AskedStatementsAsk): Promise<AskedStatements>

  /** User tables of the app's database, sorted by name. */
  tables(): Promise<readonly TableShape[]>
  /** All rows of a table by rising hash over `columns`. Bounded memory; the server's host needs room for the table as text. */
  rows(ask: RowsAsk): AsyncIterable<HashedRow>

  /**
   * For a copy that becomes the live server: opens a timeline of its own, so that its log never mixes with the first server's, in an archive
   * or in a replica. Its number is greater than the copy's own and than `above`: the last one that any server of this data had. Restarts it. Repeatable
   * after a crash; done twice it opens two.
   */
  forkTimeline(ask: { readonly above: number }): Promise<{ readonly timeline: number }>

  /** Waits until it answers, at most `timeoutMs`. Error `database-unreachable` after it. */
  waitUntilReady(timeoutMs: number): Promise<void>
  /** A clean stop, and a start. Both repeatable. */
  stop(): Promise<void>
  start(): Promise<void>
}
