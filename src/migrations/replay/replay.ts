import { type LockMode, strongerLock } from '../../domain/lock-mode.ts'
import type { Catalog } from '../catalog/catalog.ts'
import type { Oid } from '../catalog/types.ts'
import type { SqlParser } from '../sql/parser.ts'
import type { Applied, Change, Settings, Statement, TransactionState } from './changes.ts'

/** The server that we assume: what cannot be told from the files. */
export interface ServerFacts {
  /** 13 to 18. */
  readonly major: number
  /** Of the migrating session: timestamp to timestamptz rewrites nothing only in UTC. */
  readonly timeZone: string
}

/** The replay in progress: the schema so far, and what the statement at hand did. */
export interface Replay {
  readonly catalog: Catalog
  readonly parser: SqlParser
  readonly server: ServerFacts
  /**
   * `open`: what the files do not create was there before, also what an IF EXISTS asks for. `closed`: there is a history, and what an IF EXISTS
   * asks for and no migration made is not there.
   */
  world: 'open' | 'closed'
  searchPath: readonly string[]
  settings: Settings
  /** Of a runner that puts all pending files into one: what the file before left open. */
  batch: TransactionState | null
  readonly record: StatementRecord
  /** Tables that inherit from a table, or are partitions of it. */
  readonly children: Map<Oid, readonly Oid[]>
  /** Temporary tables and what hangs on them: gone with the session. */
  readonly temporary: Oid[]
  /** CREATE FUNCTION statements in PL/pgSQL that change the schema when they are called, by the routine's oid. */
  readonly bodies: Map<Oid, string>
}

export interface StatementRecord {
  readonly change: (change: Change) => void
  readonly lock: (oid: Oid, mode: LockMode) => void
  readonly rewrite: (oid: Oid) => void
  readonly scan: (oid: Oid) => void
  /** Ends the statement at hand. */
  readonly take: (statement: Statement) => Applied
  /** In a DO block: what it asks for may be there or not, and the block looks before. */
  isGuarded: boolean
}

export function statementRecord(): StatementRecord {
  let changes: Change[] = []
  let locks = new Map<Oid, LockMode>()
  let rewrites = new Set<Oid>()
  let scans = new Set<Oid>()
  return {
    isGuarded: false,
    change: (change) => changes.push(change),
    lock: (oid, mode) => locks.set(oid, strongerLock(locks.get(oid), mode)),
    rewrite: (oid) => rewrites.add(oid),
    scan: (oid) => scans.add(oid),
    take(statement) {
      const applied = { statement, changes, locks, rewrites, scans }
      changes = []
      locks = new Map()
      rewrites = new Set()
      scans = new Set()
      return applied
    },
  }
}
