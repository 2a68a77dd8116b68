import type { EnvironmentRecord, ReplacedRecord, SnapshotRecord } from '../domain/history/record.ts'
import type { DataServiceName, SnapshotName } from '../domain/ids.ts'
import type { DataLook, DataService } from '../ports/data-service.ts'
import type { Environment } from './environment.ts'
import { loadRecord } from './record.ts'

/** One snapshot, as the storage and the journal tell it. */
export interface ListedSnapshot {
  readonly service: DataServiceName
  readonly name: SnapshotName
  /** Which instance has it: the live one, or one that a restore put aside. */
  readonly instance: string
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
