import type { DataServiceConfig } from '../../../config/types.ts'
import type { Clock } from '../../../ports/clock.ts'
import type { DataService } from '../../../ports/data-service.ts'
import type { Database } from '../../../ports/database.ts'
import type { PointInTimeRecovery } from '../../../ports/point-in-time-recovery.ts'
import { postgresDatabase } from '../../postgres/database.ts'
import { pgbackrest } from '../../postgres/pgbackrest.ts'
import type { IncusClient } from '../client.ts'
import { parseInstanceName } from '../names.ts'
import { incusTransport } from '../transport.ts'
import { makeCopy, removeCopy } from './copy.ts'
import { type DataHost, enter } from './host.ts'
import { lookAtData } from './look.ts'
import { start, stop } from './power.ts'
import { swap, swapped } from './swap.ts'
import { removeSnapshot, takeSnapshot } from './take-snapshot.ts'
import { verifyCopy, verifySnapshot } from './verify-copy.ts'

export interface IncusDataService {
  readonly client: IncusClient
  readonly config: DataServiceConfig
  readonly clock: Clock
}

/** A data service in an instance of Incus, by its API alone: the same calls on every storage driver (README.md). */
export function incusDataService({ client, config, clock }: IncusDataService): DataService {
  const { name, kind, postgres } = config
  const live = parseInstanceName(config.instance)
  const host: DataHost = { client, name, kind, live, postgres, clock }
  const service: Omit<DataService, 'verifyCopy' | 'verifySnapshot'> = {
    name,
    kind,
    instance: live,
    look: () => lookAtData(host),
    snapshot: (ask) => takeSnapshot(host, ask),
    removeSnapshot: (ask) => removeSnapshot(host, ask),
    copy: (ask) => makeCopy(host, ask),
    removeCopy: (ask) => removeCopy(host, ask),
    start: (ask) => start(host, ask),
    stop: (ask) => stop(host, ask),
    swap: (ask) => swap(host, 'forward', ask),
    swapBack: (ask) => swap(host, 'back', ask),
    swapped: (ask) => swapped(host, ask),
    database: (instance = live) => databaseIn(host, instance),
    recovery: (instance = live) => recoveryIn(host, instance),
    async fence(generation) {
      await enter(host, generation)
    },
  }
  return {
    ...service,
    verifyCopy: (ask) => verifyCopy(service, ask),
    verifySnapshot: (ask) => verifySnapshot(service, ask),
  }
}

function databaseIn({ client, postgres, clock }: DataHost, instance: string): Database | null {
  if (postgres === null) return null
  const transport = incusTransport({ client, instance: parseInstanceName(instance) })
  return postgresDatabase({ config: postgres, transport, clock })
}

function recoveryIn({ client, postgres, clock }: DataHost, instance: string): PointInTimeRecovery | null {
  if (postgres === null || postgres.pgbackrest === null) return null
  const transport = incusTransport({ client, instance: parseInstanceName(instance) })
  return pgbackrest({ config: postgres, transport, clock }, postgres.pgbackrest)
}
