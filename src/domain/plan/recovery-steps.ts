import type { Backup } from '../data/backup.ts'
import type { DataServiceName } from '../ids.ts'
import { list } from './data-steps.ts'
import type { RecoverParams, ReplaceParams } from './params.ts'
import type { PlannedStep } from './plan.ts'
import { step } from './step.ts'

/** A service that its backups put back, to the restore point that was made with the snapshot. */
export interface ServiceRecovery {
  readonly service: DataServiceName
  readonly backup: Backup
  /** What is replayed on top of the backup. */
  readonly logBytes: number
  readonly point: { readonly name: string; readonly lsn: string }
}

/** Empty when everything comes from snapshots. */
export function recoverParams(
  services: ReplaceParams['services'],
  recoveries: readonly ServiceRecovery[],
): RecoverParams {
  return {
    services: recoveries.flatMap(({ service, backup }) =>
      services.flatMap(({ service: name, copy, mark }) =>
        name === service && mark !== null ? [{ service, backup: backup.label, mark, copy }] : [],
      ),
    ),
  }
}

export function checkRecoverySteps(recovering: RecoverParams): readonly PlannedStep[] {
  if (recovering.services.length === 0) return []
  const title = `Check that the backups of ${namesOf(recovering)} lead to the restore point`
  return [step<RecoverParams>('check-recovery', 'prepare', title, recovering)]
}

/** B: while writers are stopped, and before the snapshot of now. What users wrote meanwhile would be lost, so the page is up. */
export function recoverSteps(recovering: RecoverParams, [first]: readonly ServiceRecovery[]): readonly PlannedStep[] {
  if (first === undefined) return []
  const title = `Recover ${namesOf(recovering)} beside what is live, from backup ${first.backup.label}`
  return [step<RecoverParams>('recover-data', 'migrate', title, recovering)]
}

function namesOf({ services }: RecoverParams): string {
  return list(services.map(({ service }) => service))
}

export function placeSteps(recovering: RecoverParams): readonly PlannedStep[] {
  if (recovering.services.length === 0) return []
  return [
    step<RecoverParams>(
      'place-recovered',
      'launch',
      `Put what was recovered in the place of the copy’s data`,
      recovering,
    ),
  ]
}

export function becauseOfRecovery({ service, backup, logBytes, point }: ServiceRecovery): string {
  const { label, type, finishedAt } = backup
  return `${service} comes from the ${type} backup ${label} of ${finishedAt}, with ${logBytes} bytes of log up to the restore point ${point.name}`
}
