import { refusal } from '../domain/errors.ts'
import type { DatabaseMark } from '../ports/database.ts'
import type { RecoveryPoint } from '../ports/point-in-time-recovery.ts'

/** The restore point of a mark. Error `no-restore-point` (kind `refused`): it was made by a version that kept none. */
export function recoveryPointOf({ name, point, facts }: DatabaseMark): RecoveryPoint {
  if (point !== undefined) return { ...point, timeline: facts.timeline, systemId: facts.systemId }
  throw refusal(`the journal knows no restore point of ${name}`, {
    code: 'no-restore-point',
    details: ['it was marked by an older version'],
    hint: 'backflip snapshots list',
  })
}
