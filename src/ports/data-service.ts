import type { DataServiceName, OperationId, SnapshotName } from '../domain/ids.ts'
import type { Database } from './database.ts'

export interface DataSnapshot {
  readonly name: SnapshotName
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
  readonly createdAt: string
}

export interface DataLook {
  /** Of the live instance; `absent` in the middle of a swap that died. */
  readonly state: 'running' | 'stopped' | 'absent'
  /** Operation whose copy is live now, when a restore put it there; null for the original. */
  readonly restoredBy: OperationId | null
  /** Whether a snapshot of the running instance is one instant: copy-on-write storage, everything in one volume. When not, `whyNotAtomic` says why. */
  readonly isAtomic: boolean
  readonly whyNotAtomic: string | null
  /** Of the pool it lies in; null when the storage cannot say. */
  readonly room: { readonly freeBytes: number; readonly totalBytes: number } | null
  /** Oldest first. */
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
   * With `stopFirst` the instance is stopped for it and started again (storage that is not atomic). Error `no-room` (kind `failed`) names the pool.
   */
  snapshot(ask: {
    readonly name: SnapshotName
    readonly expiresAt: string | null
    readonly stopFirst: boolean
    readonly fencedBy: number
  }): Promise<DataSnapshot>
  /** Gone already is fine. Error `snapshot-in-use` (kind `refused`) when a copy still needs it. */
  removeSnapshot(ask: { readonly name: SnapshotName; readonly fencedBy: number }): Promise<void>

  /**
   * An instance from a snapshot, beside the live one: no network, never started at boot, labelled with the operation. Not started. Repeatable.
   * Error `no-such-snapshot` (kind `refused`).
   */
  copy(ask: {
    readonly snapshot: SnapshotName
    readonly as: string
    readonly operation: OperationId
    readonly fencedBy: number | null
  }): Promise<void>
  /** Ends and deletes an instance that carries the operation's label. Gone already is fine; `not-ours` (kind `refused`) for any other. */
  removeCopy(ask: {
    readonly name: string
    readonly operation: OperationId
    readonly fencedBy: number | null
  }): Promise<void>

  /** The live instance or one of ours. Repeatable. */
  start(ask: { readonly name: string; readonly fencedBy: number | null }): Promise<void>
  /** A clean stop within `timeoutMs`, then by force. */
  stop(ask: { readonly name: string; readonly timeoutMs: number; readonly fencedBy: number | null }): Promise<void>

  /**
   * The live instance becomes `keepAs`, `copy` becomes the live one with its name, network and start at boot. `copy` may be one that was kept by an
   * earlier swap: so a restore is undone. Both must be stopped; both are stopped afterwards. Repeatable from every point at which it died; `swapBack` undoes it from every point too.
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

  /** The database in the live instance or in one of ours; null for `files`. Asks nothing by itself. */
  database(instance?: string): Database | null

  /** Makes all smaller generations worthless. Repeatable. */
  fence(generation: number): Promise<void>
}
