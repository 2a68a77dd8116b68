import type { EnvironmentRecord, ReplacedRecord, SnapshotRecord } from '../domain/history/record.ts'
import type { DataServiceName, SnapshotName } from '../domain/ids.ts'
import type { DataLook, DataService } from '../ports/data-service.ts'
import type { Environment, RunOptions } from './environment.ts'
import { loadRecord } from './record.ts'
import { withLease } from './with-lease.ts'

/** One snapshot, as the storage and the journal tell it. */
export interface ListedSnapshot {
  readonly service: DataServiceName
  readonly name: SnapshotName
  readonly createdAt: string
  readonly expiresAt: string | null
  readonly sizeBytes: number | null
  /** Null: not taken by an operation here. */
  readonly taken: SnapshotRecord | null
}

export interface SnapshotList {
  /** Oldest first, per service in the order of the configuration. */
  readonly snapshots: readonly ListedSnapshot[]
  /** What restores put aside. */
  readonly kept: readonly (ReplacedRecord & { readonly isThere: boolean })[]
  /** Known to the journal and gone from the storage. */
  readonly gone: readonly SnapshotRecord[]
  readonly rooms: readonly { readonly service: DataServiceName; readonly room: DataLook['room'] }[]
}

export async function listSnapshots(environment: Environment): Promise<SnapshotList> {
  const record = await loadRecord(environment.journal)
  const looks = await Promise.all(environment.data.map(async (service) => ({ service, look: await service.look() })))
  const there = looks.flatMap(({ service, look }) => look.snapshots.map((one) => listed(record, service, one)))
  return {
    snapshots: there,
    kept: record.replaced.map((one) => ({ ...one, isThere: isKept(looks, one) })),
    gone: record.snapshots.filter(
      (one) => !there.some(({ service, name }) => service === one.service && name === one.snapshot),
    ),
    rooms: looks.map(({ service, look }) => ({ service: service.name, room: look.room })),
  }
}

function listed(
  record: EnvironmentRecord,
  { name: service }: DataService,
  one: DataLook['snapshots'][number],
): ListedSnapshot {
  const taken = record.snapshots.find((known) => known.service === service && known.snapshot === one.name) ?? null
  return { service, ...one, taken }
}

type Looks = readonly { readonly service: DataService; readonly look: DataLook }[]

function isKept(looks: Looks, { service, keptAs }: ReplacedRecord): boolean {
  return looks.some(
    ({ service: { name }, look }) => name === service && look.copies.some((copy) => copy.name === keptAs),
  )
}

export interface PruneAsk {
  /** Snapshots to remove by name; null: those whose time is over. */
  readonly snapshot: SnapshotName | null
  readonly now: string
}

export interface Pruned {
  readonly snapshots: readonly { readonly service: DataServiceName; readonly snapshot: SnapshotName }[]
  readonly kept: readonly { readonly service: DataServiceName; readonly keptAs: string }[]
}

/**
 * What `prune` would remove: snapshots of ours whose time is over, or the one that is named; and what restores kept for longer than it must be. Never
 * what nobody here took (I6: nothing without an explicit order).
 */
export function choosePruned({ snapshots, kept }: SnapshotList, ask: PruneAsk, keepReplacedMs: number): Pruned {
  const isOver = (at: string | null) => at !== null && Date.parse(at) <= Date.parse(ask.now)
  const chosen = snapshots.filter(({ name, taken, expiresAt }) =>
    ask.snapshot === null ? taken !== null && isOver(expiresAt) : name === ask.snapshot && taken !== null,
  )
  const old = kept.filter(({ at, isThere }) => isThere && Date.parse(at) + keepReplacedMs <= Date.parse(ask.now))
  return {
    snapshots: chosen.map(({ service, name }) => ({ service, snapshot: name })),
    kept: ask.snapshot === null ? old.map(({ service, keptAs }) => ({ service, keptAs })) : [],
  }
}

/** Removes them, each with its entry first: an order is journalled before it is carried out. */
export async function prune(
  environment: Environment,
  { snapshots, kept }: Pruned,
  options: RunOptions = {},
): Promise<void> {
  const { journal, actor, data } = environment
  await withLease(environment, 'snapshots prune', options, async ({ lease }) => {
    const { takeFenceUnder } = await import('./take-fence.ts')
    const fencedBy = await takeFenceUnder(environment, lease)
    const record = await loadRecord(journal)
    const serviceOf = (name: DataServiceName) => data.find((one) => one.name === name)
    for (const service of data) await service.fence(fencedBy)
    for (const { service, snapshot } of snapshots) {
      await serviceOf(service)?.removeSnapshot({ name: snapshot, fencedBy })
      await journal.append(lease.token, [
        {
          operation: null,
          actor,
          fact: { kind: 'data-removed', effect: { effect: 'snapshot-removed', service, snapshot } },
        },
      ])
    }
    for (const { service, keptAs } of kept) {
      const operation = record.replaced.find((one) => one.service === service && one.keptAs === keptAs)?.operation
      if (operation === undefined) continue
      await serviceOf(service)?.removeCopy({ name: keptAs, operation, fencedBy })
      await journal.append(lease.token, [
        { operation: null, actor, fact: { kind: 'data-removed', effect: { effect: 'kept-removed', service, keptAs } } },
      ])
    }
  })
}
