import type { EnvironmentRecord, SnapshotRecord } from '../domain/history/record.ts'
import type { DataServiceName } from '../domain/ids.ts'
import type { DataLook } from '../ports/data-service.ts'
import type { Environment } from './environment.ts'
import { look, type Unseen } from './look.ts'

/** A data service, as the journal knows its snapshots and as it was seen. */
export interface DataStatus {
  readonly service: DataServiceName
  readonly instance: string
  readonly seen: Pick<DataLook, 'state' | 'room' | 'reservations'> | Unseen
  /** The newest snapshot that an operation took; null when none did. */
  readonly newest: SnapshotRecord | null
  /** What restores put aside and is still kept. */
  readonly kept: readonly string[]
}

export function dataStatus(environment: Environment, record: EnvironmentRecord): Promise<readonly DataStatus[]> {
  return Promise.all(
    environment.data.map(async (service): Promise<DataStatus> => {
      const { name, instance } = service
      return {
        service: name,
        instance,
        seen: await look(environment, service.look()),
        newest: record.snapshots.findLast((one) => one.service === name) ?? null,
        kept: record.replaced.flatMap((one) => (one.service === name ? [one.keptAs] : [])),
      }
    }),
  )
}
