import type { SnapshotList } from '../../operations/snapshots.ts'
import type { UnprovedSnapshot, VerifiedSnapshot } from '../../operations/verify-snapshot.ts'
import { proofOf } from './proof.ts'
import type { Paint } from './style.ts'

const GIB = 1024 ** 3

export function renderSnapshots({ snapshots, kept, gone, rooms }: SnapshotList, paint: Paint): readonly string[] {
  const lines = snapshots.map(({ service, name, createdAt, expiresAt, taken }) => {
    const proof = taken === null ? paint('dim', 'not taken here') : proofOf(taken, paint)
    const until = expiresAt === null ? 'kept' : `until ${expiresAt}`
    const before = taken === null ? '' : `   before ${taken.before}`
    return `${createdAt}  ${service.padEnd(12)} ${name}  ${proof}  ${paint('dim', until)}${before}`
  })
  return [
    ...(lines.length === 0 ? ['no snapshot is there'] : lines),
    ...kept.map(
      ({ service, keptAs, at, operation, isThere }) =>
        `${at}  ${service.padEnd(12)} ${keptAs}  ${isThere ? `replaced by ${operation}   ${paint('dim', `backflip restore --undo ${operation}`)}` : paint('bad', 'is gone')}`,
    ),
    ...gone.map(({ service, snapshot }) => paint('dim', `${service}: ${snapshot} is gone from its storage`)),
    ...rooms.flatMap(({ service, room }) =>
      room === null
        ? []
        : [`${service}: ${(room.freeBytes / GIB).toFixed(1)} of ${(room.totalBytes / GIB).toFixed(1)} GiB free`],
    ),
  ]
}

/** What one proof found, each check on a line; or why it could not be made. */
export function renderProof(result: VerifiedSnapshot | UnprovedSnapshot): readonly string[] {
  const { service, snapshot } = result.taken
  if ('error' in result)
    return [
      `✗ could not be proved  ${service} ${snapshot}`,
      `    ${result.error.message}`,
      ...(result.error.causes ?? []),
    ]
  const { isVerified, checks } = result.proof
  return [
    `${isVerified ? '✓ verified' : '✗ NOT WHOLE'}  ${service} ${snapshot}`,
    ...checks.map((one) => `    ${one.name} ${one.result}: ${one.detail}`),
  ]
}

export function toProof(result: VerifiedSnapshot | UnprovedSnapshot): object {
  const { service, snapshot } = result.taken
  return 'error' in result
    ? { service, snapshot, error: result.error }
    : { service, snapshot, tookMs: result.tookMs, ...result.proof }
}
