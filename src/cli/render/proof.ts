import type { SnapshotRecord } from '../../domain/history/record.ts'
import type { Paint } from './style.ts'

/** Shown wherever a snapshot is: an unproved one is no promise. */
export function proofOf(
  { verified, verifiedAt }: Pick<SnapshotRecord, 'verified' | 'verifiedAt'>,
  paint: Paint,
): string {
  if (verified === 'verified') return paint('good', `verified ${verifiedAt ?? ''}`.trimEnd())
  return verified === 'failed' ? paint('bad', 'its proof FAILED') : paint('warn', 'not yet verified')
}
