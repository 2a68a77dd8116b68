import type { JournalId, OperationId } from '../domain/ids.ts'
import type { Draft, Entry, Holder, LeaseRecord } from '../domain/journal.ts'
import type { Json } from '../domain/json.ts'

export interface ReadRange {
  /** Entries with a greater number only. Default 0: from the beginning. */
  readonly after?: number
  /** At most so many. Default 1,000, at most 10,000. */
  readonly limit?: number
  /** Newest first. Default false. With it, `after` becomes `before`: entries with a smaller number only. */
  readonly newestFirst?: boolean
  readonly before?: number
  /** Only entries of this operation. */
  readonly operation?: OperationId
  /** Only entries whose fact is of one of these kinds. */
  readonly kinds?: readonly string[]
}

export interface Head {
  readonly seq: number
  /** Hash of the entry `seq`; 64 zeros when there is none. */
  readonly hash: string
}

export type LeaseAnswer =
  | { readonly taken: LeaseRecord }
  /** Somebody else has it. */
  | { readonly held: LeaseRecord }

/**
 * The append-only, hash-chained record of one environment, and its lease.
 *
 * Asynchronous and store-neutral: a server or another database can stand behind it. What every store must do is written as
 * a suite, `test/contract/journal.ts`; a store is one when it passes.
 *
 * Crash guarantee: when a promise of a writing method resolves, what it wrote survives a power cut; when it rejects or never
 * settles, all of it is there or none.
 */
export interface Journal {
  id(): Promise<JournalId>

  /**
   * Appends all drafts or none, if `token` is the current lease's.
   * Error `lease-lost` (kind `held`) when it is not: a newer lease exists, or it was released.
   */
  append(token: number, drafts: readonly Draft[]): Promise<readonly Entry[]>

  read(range?: ReadRange): Promise<readonly Entry[]>
  head(): Promise<Head>

  /** The current lease, or null. */
  lease(): Promise<LeaseRecord | null>
  /**
   * Takes the lease if nobody holds it, or if the one held has exactly the token in `replaces` (its holder was proved dead, or a
   * person breaks it). Atomic: of two takers one wins. Writes the entry `lease-taken` (and `lease-broken` before it when `why`
   * starts with `broken: `).
   */
  takeLease(ask: {
    readonly kind: LeaseRecord['kind']
    readonly holder: Holder
    readonly message: string
    readonly replaces?: { readonly token: number; readonly why: string }
  }): Promise<LeaseAnswer>
  /** Counts one heartbeat. Writes no entry. Error `lease-lost` when the token is not the current one. */
  renewLease(token: number): Promise<void>
  /** Gives it back; writes `lease-released`. Accepts a lease that is gone already: returns false. */
  releaseLease(token: number): Promise<boolean>

  /**
   * A saved fold, to start from instead of from the first entry. An optimisation only: any answer, null included, must lead to
   * the same result. `version` is the fold's own; another version is not returned.
   */
  loadCheckpoint(version: number): Promise<{ readonly seq: number; readonly state: Json } | null>
  saveCheckpoint(checkpoint: { readonly version: number; readonly seq: number; readonly state: Json }): Promise<void>

  close(): Promise<void>
}
