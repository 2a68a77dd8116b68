import type { DataServiceName, OperationId, SnapshotName } from '../domain/ids.ts'
import type { Database, DatabaseMark, Verification } from './database.ts'
import type { PointInTimeRecovery } from './point-in-time-recovery.ts'

export interface DataSnapshot {
  readonly name: SnapshotName
  /** Which instance has it: the live one, or one that was kept, because a snapshot follows its instance in a swap. It goes when that one is removed. */
  readonly instance: string
  /** ISO 8601, UTC. */
  readonly createdAt: string
  /** When the storage removes it by itself; null: never. */
  readonly expiresAt: string | null
  /** What it keeps from being freed, where the storage can say; null otherwise. */
  readonly sizeBytes: number | null
}

/** An instance of ours beside the live one. */
export interface DataCopy {
  readonly name: string
  /** `copy`: made from a snapshot, with no network. `kept`: was live until a restore took its place. */
  readonly role: 'copy' | 'kept'
  readonly operation: OperationId
  readonly state: 'running' | 'stopped'
  /** ISO 8601, UTC: when it was made from a snapshot, or set aside. */
  readonly since: string
}

export interface DataLook {
  /** Of the live instance; `absent` in the middle of a swap that died. */
  readonly state: 'running' | 'stopped' | 'absent'
  /** Operation whose swap put it there, also when that was the undo of another; null when no swap ever did. */
  readonly restoredBy: OperationId | null
  /** Whether a snapshot of the running instance is one instant: copy-on-write storage, everything in one volume. When not, `whyNotAtomic` says why. */
  readonly isAtomic: boolean
  readonly whyNotAtomic: string | null
  /** Of the pool it lies in; null when the storage cannot say. */
  readonly room: { readonly freeBytes: number; readonly totalBytes: number } | null
  /** Oldest first; those of kept instances too. Half-made ones are left out. */
  readonly snapshots: readonly DataSnapshot[]
  /** Oldest first. */
  readonly copies: readonly DataCopy[]
  /** What the next snapshots and a restore would do that an operator must know, one fact a line (volumes that are not included, …). */
  readonly reservations: readonly string[]
}

/**
 * One data service of an environment: never colored, snapshotted before it is migrated, restored beside itself and then swapped. The suite is
 * `test/contract/data-service.ts`.
 *
 * Writers name the generation that they were given; a smaller one than seen before is refused: error `fenced` (kind `held`). `null` is for a copy of the
 * caller's own operation, which nobody else knows of: a proof in the background is not ended by the next deploy. What it makes carries the operation's
 * id, and it removes only what carries one.
 */
export interface DataService {
  readonly name: DataServiceName
  readonly kind: 'postgres' | 'files'
  /** How operators know it: the instance's name. */
  readonly instance: string

  /** Looks; changes nothing. Bounded: 5 s. Error `data-unknown` (kind `person`) when nobody answers. */
  look(): Promise<DataLook>

  /**
   * One snapshot of the live instance. Repeatable: one of that name is accepted, because its name was free when the plan was made.
   * With `stopFirst` the instance is stopped for it and started again (storage that is not atomic), also when the snapshot fails; one that was
   * stopped before stays so. Errors: `no-room` (kind `failed`) names the pool; `not-atomic` (kind `refused`): a running instance on storage that
   * is not, without `stopFirst`; `data-outside-snapshot` (kind `refused`): data lies on a volume that no snapshot of the instance has.
   */
  snapshot(ask: {
    readonly name: SnapshotName
    readonly expiresAt: string | null
    readonly stopFirst: boolean
    readonly fencedBy: number
  }): Promise<DataSnapshot>
  /** Of the live instance or of a kept one; half-made ones too. Gone already is fine. What `snapshot` had stopped for it is started again. Copies need it no more. */
  removeSnapshot(ask: { readonly name: SnapshotName; readonly fencedBy: number }): Promise<void>

  /**
   * An instance from a snapshot, beside the live one: no network, none of its volumes, never started at boot, labelled with the operation. Not
   * started. Repeatable. Errors: `no-such-snapshot` and, for a name that somebody else has, `not-ours` (kind `refused`); `no-room`.
   */
  copy(ask: {
    readonly snapshot: SnapshotName
    readonly as: string
    readonly operation: OperationId
    readonly fencedBy: number | null
  }): Promise<void>
  /**
   * Ends and deletes an instance that carries the operation's label, with its snapshots. Gone already is fine; `not-ours` (kind `refused`) for any
   * other, and always for the live one.
   */
  removeCopy(ask: {
    readonly name: string
    readonly operation: OperationId
    readonly fencedBy: number | null
  }): Promise<void>

  /** The live instance or one of ours; `not-ours` for any other. `fencedBy` null: copies only. Repeatable. */
  start(ask: { readonly name: string; readonly fencedBy: number | null }): Promise<void>
  /** A clean stop within `timeoutMs`, then by force. */
  stop(ask: { readonly name: string; readonly timeoutMs: number; readonly fencedBy: number | null }): Promise<void>

  /**
   * The live instance becomes `keepAs`, `copy` becomes the live one with its name, network, volumes and start at boot: everything but the data.
   * `copy` may be one that was kept by an earlier swap: so a restore is undone. Both must be stopped (`still-running`, kind `refused`); both are
   * stopped afterwards. Repeatable from every point at which it died; `swapBack` undoes it from every point too. Error `swap-impossible` (kind
   * `refused`) when what is there is no point of this swap.
   */
  swap(ask: {
    readonly copy: string
    readonly keepAs: string
    readonly operation: OperationId
    readonly fencedBy: number
  }): Promise<void>
  swapBack(ask: {
    readonly copy: string
    readonly keepAs: string
    readonly operation: OperationId
    readonly fencedBy: number
  }): Promise<void>
  /** Where a swap stands: nothing done yet, somewhere between, or done. */
  swapped(ask: { readonly copy: string; readonly keepAs: string }): Promise<'no' | 'half' | 'yes'>

  /**
   * Starts a copy, proves it (for `files`: that it starts) and stops it. The mark is needed for a database. A copy that is bad is an answer, not an
   * error. With `forkAbove`, one that is whole opens a log of its own before it is stopped (`Database.forkTimeline`): it is to become the live one.
   * Repeatable.
   */
  verifyCopy(ask: {
    readonly name: string
    readonly mark: DatabaseMark | null
    readonly forkAbove: number | null
    readonly fencedBy: number | null
  }): Promise<Verification>
  /** `copy`, `verifyCopy`, `removeCopy`: what is left is nothing, also when the proof fails. Repeatable. */
  verifySnapshot(ask: {
    readonly snapshot: SnapshotName
    readonly as: string
    readonly operation: OperationId
    readonly mark: DatabaseMark | null
    readonly fencedBy: number | null
  }): Promise<Verification>

  /** The database in the live instance or in one of ours; null for `files`. Asks nothing by itself. */
  database(instance?: string): Database | null
  /** Of that database, from its backups; null where the configuration names none. Asks nothing by itself. */
  recovery(instance?: string): PointInTimeRecovery | null

  /** Makes all smaller generations worthless. Repeatable. */
  fence(generation: number): Promise<void>
}
