/** A change of rows made in pieces, each a transaction of its own. The statement is whole SQL of the caller's: nothing is pasted from elsewhere. */
export interface BackfillAsk {
  /** Under which its progress is kept in the database. At most 200 bytes. */
  readonly name: string
  readonly schema: string | null
  readonly table: string
  readonly alias: string
  readonly head: string
  readonly where: string | null
  /** How long one transaction may take; its number of rows follows. */
  readonly targetMs: number
  /** Most rows of one transaction. */
  readonly maxBatchRows: number
  /** How long a transaction waits for a lock before it is given up and made smaller. */
  readonly lockTimeoutMs: number
  /** A replica further behind than that is waited for. */
  readonly maxLagBytes: number
  /** How long one call works. A killed caller leaves at most that much work behind. */
  readonly sliceMs: number
}

/** Where it stands, as the row in the database says it. */
export interface BackfillState {
  /** `pass`: over all rows by their key. `sweep`: again, for what came in between. `assert`: nothing was left to do. `done`: proved. */
  readonly phase: 'pass' | 'sweep' | 'assert' | 'done'
  /** Passes over the table that are finished. */
  readonly passes: number
  /** Rows of the pass at hand that are behind us, and the server's estimate of all of them. */
  readonly seenRows: number
  readonly totalRows: number
  readonly changedRows: number
  /** Rows of the next transaction. */
  readonly batchRows: number
  readonly batches: number
  /** Transactions given up because somebody else held a lock. */
  readonly lockWaits: number
  /** Time spent waiting for replicas and for those who wait for a lock of the table. */
  readonly pausedMs: number
  /** What was waited for during the call; null when it ran freely. */
  readonly pausedBy: 'lock' | 'waiters' | 'replica' | null
  /** Rows that still match, counted up to 1,000, after the assertion failed. */
  readonly remainingRows: number
}
