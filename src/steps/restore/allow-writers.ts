import type { WritersParams } from '../../domain/plan/params.ts'
import { defineStep, NOTHING } from '../../engine/step.ts'
import { fencedDatabasesOf } from '../data.ts'
import type { StepPorts } from '../ports.ts'

/**
 * E of a restore: what is live now lets sessions in again. A copy was made before writers were stopped and says so already; what an earlier
 * restore had kept was stopped with its doors closed.
 */
export const allowWriters = defineStep<StepPorts, WritersParams>({
  id: 'allow-writers',
  limits: { attempts: 2, timeoutMs: 2 * 60_000 },
  async execute({ services }, { ports, generation }) {
    for (const { database } of await fencedDatabasesOf(ports, services, generation)) await database.allowWriters()
    return NOTHING
  },
  // Its own undo would close the doors of what is put aside next.
  undo: 'none',
})
