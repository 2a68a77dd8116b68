import { BackflipError, refusal } from '../domain/errors.ts'
import type { DataServiceName } from '../domain/ids.ts'
import type { RecoverParams } from '../domain/plan/params.ts'
import type { DataService } from '../ports/data-service.ts'
import type { DatabaseMark } from '../ports/database.ts'
import type { PointInTimeRecovery, RecoveryPoint } from '../ports/point-in-time-recovery.ts'
import { serviceOf } from './data.ts'
import type { StepPorts } from './ports.ts'

/** The restore point of a mark. Error `no-restore-point` (kind `refused`): it was made by a version that kept none. */
export function recoveryPointOf({ name, point, facts }: DatabaseMark): RecoveryPoint {
  if (point !== undefined) return { ...point, timeline: facts.timeline, systemId: facts.systemId }
  throw refusal(`the journal knows no restore point of ${name}`, {
    code: 'no-restore-point',
    details: ['it was marked by an older version'],
    hint: 'backflip snapshots list',
  })
}

/** Error `no-recovery` when the configuration names its backups no more. */
export function recoveryOf(service: Pick<DataService, 'name' | 'recovery'>, instance?: string): PointInTimeRecovery {
  const recovery = service.recovery(instance)
  if (recovery !== null) return recovery
  throw new BackflipError(`the configuration names no backups of ${service.name}`, {
    code: 'no-recovery',
    kind: 'refused',
    hint: `data.${service.name}.pgbackrest in backflip.yaml`,
  })
}

interface Recovering {
  readonly service: DataServiceName
  readonly backup: string
  readonly point: RecoveryPoint
  readonly recovery: PointInTimeRecovery
}

/** Of the live instances, once the storage has said that nobody with a newer generation was there: a tool knows no generation. */
export async function recoveriesOf(
  ports: Pick<StepPorts, 'data' | 'markOf'>,
  services: RecoverParams['services'],
  generation: number,
): Promise<readonly Recovering[]> {
  for (const { service } of services) await serviceOf(ports, service).fence(generation)
  return Promise.all(
    services.map(async ({ service, backup, mark }) => ({
      service,
      backup,
      point: recoveryPointOf(await ports.markOf(mark, service)),
      recovery: recoveryOf(serviceOf(ports, service)),
    })),
  )
}
