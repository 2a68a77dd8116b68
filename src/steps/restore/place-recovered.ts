import type { RecoverParams } from '../../domain/plan/params.ts'
import { defineStep, NOTHING } from '../../engine/step.ts'
import { serviceOf } from '../data.ts'
import type { StepPorts } from '../ports.ts'
import { recoveriesOf, recoveryOf } from '../recoveries.ts'
import type { Recovered } from './recover-data.ts'

/**
 * C of a restore from backups: in the copy, which nobody needs as it is, what was recovered becomes the data. Beside the live data it is not needed any
 * more, and is removed there, so that a restore that is undone leaves nothing. Nothing to undo: the copy goes with its own step.
 */
export const placeRecovered = defineStep<StepPorts, RecoverParams>({
  id: 'place-recovered',
  limits: { attempts: 2, timeoutMs: 60 * 60_000 },
  async execute({ services }, { ports, operation, generation: fencedBy, output }) {
    const { timelines } = output('recover-data') as unknown as Recovered
    for (const { service: name, copy } of services) {
      const service = serviceOf(ports, name)
      await service.start({ name: copy, fencedBy })
      await recoveryOf(service, copy).takePlace({ operation, timeline: timelines[name] ?? 0 })
      // Its proof is next, and wants it to run.
      await service.database(copy)?.start()
    }
    for (const { recovery } of await recoveriesOf(ports, services, fencedBy)) await recovery.remove(operation)
    return NOTHING
  },
  undo: 'none',
})
