import type { RecoverParams } from '../../domain/plan/params.ts'
import { defineStep } from '../../engine/step.ts'
import type { StepPorts } from '../ports.ts'
import { recoveriesOf } from '../recoveries.ts'

/** What it leaves: the timeline that each service's recovered data is on. */
export interface Recovered {
  readonly timelines: { readonly [service: string]: number }
}

/**
 * B of a restore from backups: what the backups make of the point lies beside the live data, stopped, so that the snapshot of now has both. In the live
 * instance, because a copy has no network and may not reach the repository. Repeatable: from the beginning.
 */
export const recoverData = defineStep<StepPorts, RecoverParams>({
  id: 'recover-data',
  // What failed once would take as long again to fail.
  limits: { attempts: 1, timeoutMs: 24 * 60 * 60_000 },
  async execute({ services }, { ports, operation, generation, say }) {
    const timelines: { [service: string]: number } = {}
    for (const { service, backup, point, recovery } of await recoveriesOf(ports, services, generation)) {
      const { timeline } = await recovery.recover({ point, backup, operation })
      say(`${service} is as it was at ${point.name}, on timeline ${timeline}`)
      timelines[service] = timeline
    }
    return { output: { timelines } satisfies Recovered, effects: [] }
  },
  async undo({ services }, { ports, operation, generation }) {
    for (const { recovery } of await recoveriesOf(ports, services, generation)) await recovery.remove(operation)
    return []
  },
  manual: (_params, { operation }) => [
    `remove the folder *.backflip-${operation.slice(-12)} beside the data, then: backflip resume`,
  ],
})
