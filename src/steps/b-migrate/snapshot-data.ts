import type { Effect } from '../../domain/journal.ts'
import type { SnapshotDataParams } from '../../domain/plan/params.ts'
import { defineStep } from '../../engine/step.ts'
import type { DataSnapshot } from '../../ports/data-service.ts'
import { serviceOf } from '../data.ts'
import type { StepPorts } from '../ports.ts'

/**
 * B: one snapshot of every data service, at once, before anything is migrated. Kept when the operation fails: no snapshot is destroyed without
 * an order (I6). The names were free when the plan was made, so a repeat takes what is there for its own.
 */
export const snapshotData = defineStep<StepPorts, SnapshotDataParams>({
  id: 'snapshot-data',
  limits: { attempts: 2, timeoutMs: 30 * 60_000 },
  async execute({ services, keepMs, allowStop, live, before }, { ports, generation, say }) {
    const expiresAt = new Date(Date.parse(ports.clock.now()) + keepMs).toISOString()
    const taken = await Promise.all(
      services.map(async ({ service: name, snapshot }) => {
        const service = serviceOf(ports, name)
        const { isAtomic } = await service.look()
        const stopFirst = !isAtomic && allowStop
        const made = await service.snapshot({ name: snapshot, expiresAt, stopFirst, fencedBy: generation })
        return { service: name, snapshot, createdAt: made.createdAt, expiresAt: made.expiresAt }
      }),
    )
    const skewMs = skewOf(taken)
    if (taken.length > 1) say(`taken within ${skewMs} ms of each other`)
    const effects = taken.map(
      ({ service, snapshot, createdAt, expiresAt: until }): Effect => ({
        effect: 'snapshot-taken',
        service,
        snapshot,
        takenAt: createdAt,
        expiresAt: until,
        live,
        before,
      }),
    )
    return { output: { skewMs, snapshots: services.map(({ snapshot }) => snapshot) }, effects }
  },
  undo: 'none',
})

/** Between the first and the last: what the services may disagree about. */
function skewOf(taken: readonly Pick<DataSnapshot, 'createdAt'>[]): number {
  const at = taken.map(({ createdAt }) => Date.parse(createdAt))
  return Math.max(...at) - Math.min(...at)
}
