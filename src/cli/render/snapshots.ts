import type { SnapshotList } from '../../operations/snapshots.ts'
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
