import type { WritersParams } from '../../domain/plan/params.ts'
import { defineStep, NOTHING } from '../../engine/step.ts'
import { fencedDatabasesOf } from '../data.ts'
import type { StepPorts } from '../ports.ts'

/** A of a restore: nobody but us writes any more, so that what is counted and kept is the last word. Users see the maintenance page. */
export const stopWriters = defineStep<StepPorts, WritersParams>({
  id: 'stop-writers',
  limits: { attempts: 2, timeoutMs: 2 * 60_000 },
  async execute({ services }, { ports, generation }) {
    for (const { database } of await fencedDatabasesOf(ports, services, generation)) await database.stopWriters()
    return NOTHING
  },
  async undo({ services }, { ports, generation }) {
    for (const { database } of await fencedDatabasesOf(ports, services, generation)) await database.allowWriters()
    return []
  },
  manual: () => ['start the database if it is stopped, then: backflip resume'],
})
