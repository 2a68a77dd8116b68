import type { EnvironmentRecord, SnapshotRecord } from '../domain/history/record.ts'
import type { DataServiceName, SnapshotName } from '../domain/ids.ts'
import type { DataLook, DataService } from '../ports/data-service.ts'
import type { Environment } from './environment.ts'
import { isUnseen, look, type Unseen } from './look.ts'

export interface SeenData extends Pick<DataLook, 'state' | 'room' | 'reservations'> {
  /** Names of what its storage holds, oldest first. */
  readonly snapshots: readonly SnapshotName[]
}

/** A data service, as the journal knows its snapshots and as it was seen. */
export interface DataStatus {
  readonly service: DataServiceName
  readonly instance: string
  readonly seen: SeenData | Unseen
  /** The newest snapshot that an operation took; null when none did. */
  readonly newest: SnapshotRecord | null
  /** The newest that was proved whole, and is still there as far as that was seen; null when there is none. */
  readonly lastVerified: SnapshotRecord | null
  /** What restores put aside and is still kept. */
  readonly kept: readonly string[]
}

export function dataStatus(environment: Environment, record: EnvironmentRecord): Promise<readonly DataStatus[]> {
  return Promise.all(
    environment.data.map(async (service): Promise<DataStatus> => {
      const { name, instance } = service
      const seen = await look(environment, lookAt(service))
      const own = record.snapshots.filter((one) => one.service === name)
      return {
        service: name,
        instance,
        seen,
        newest: own.at(-1) ?? null,
        lastVerified: own.findLast((one) => one.verified === 'verified' && mayBeThere(seen, one)) ?? null,
        kept: record.replaced.flatMap((one) => (one.service === name ? [one.keptAs] : [])),
      }
    }),
  )
}

async function lookAt(service: DataService): Promise<SeenData> {
  const { state, room, reservations, snapshots } = await service.look()
  return { state, room, reservations, snapshots: snapshots.map(({ name }) => name) }
}

function mayBeThere(seen: SeenData | Unseen, { snapshot }: SnapshotRecord): boolean {
  return isUnseen(seen) || seen.snapshots.includes(snapshot)
}
