import type { Effect } from '../../domain/journal.ts'
import type { ReplaceParams } from '../../domain/plan/params.ts'
import { defineStep, type StepContext } from '../../engine/step.ts'
import { serviceOf, startLive } from '../data.ts'
import type { StepPorts } from '../ports.ts'

const STOP_MS = 2 * 60_000

type Service = ReplaceParams['services'][number]
type Context = StepContext<StepPorts>

/**
 * E of a restore: what is live is stopped cleanly and kept under another name; the copy takes its name, its address and its place. Each half is
 * repeatable from wherever it died, and so is its undo. There is no `check`: an instance that was stopped for a swap which did not begin is not
 * "not done", so a failure is always undone, and what is live runs again.
 */
export const swapData = defineStep<StepPorts, ReplaceParams>({
  id: 'swap-data',
  limits: { attempts: 2, timeoutMs: 60 * 60_000 },
  async execute({ services }, context) {
    for (const one of services) await replace(one, context)
    return {
      output: null,
      effects: services.map(
        ({ service, copy, keepAs }): Effect => ({ effect: 'data-replaced', service, from: copy, keptAs: keepAs }),
      ),
    }
  },
  async undo({ services }, context) {
    for (const one of services.toReversed()) await putBack(one, context)
    return services.map(({ service, keepAs }): Effect => ({ effect: 'data-put-back', service, keptAs: keepAs }))
  },
  manual: ({ services }) =>
    services.map(
      ({ copy, keepAs }) => `${keepAs} is what was live, ${copy} the copy: look with incus list, then: backflip resume`,
    ),
})

async function replace({ service: name, copy, keepAs }: Service, context: Context): Promise<void> {
  const service = serviceOf(context.ports, name)
  const { operation, generation: fencedBy } = context
  const stands = await service.swapped({ copy, keepAs })
  if (stands === 'no') await stopLive(name, context)
  // Once it is done the copy has the live name, and runs.
  if (stands !== 'yes') {
    await service.stop({ name: copy, timeoutMs: STOP_MS, fencedBy })
    await service.swap({ copy, keepAs, operation, fencedBy })
  }
  await startLive(name, context)
}

async function putBack({ service: name, copy, keepAs }: Service, context: Context): Promise<void> {
  const service = serviceOf(context.ports, name)
  const { operation, generation: fencedBy } = context
  const stands = await service.swapped({ copy, keepAs })
  if (stands === 'yes') await stopLive(name, context)
  if (stands !== 'no') await service.swapBack({ copy, keepAs, operation, fencedBy })
  await startLive(name, context)
}

/** Its database first, so that its end is clean; an instance that does not run is stopped already. */
async function stopLive(name: Service['service'], { ports, generation }: Context): Promise<void> {
  const service = serviceOf(ports, name)
  const { state } = await service.look()
  if (state === 'running') await service.database()?.stop()
  await service.stop({ name: service.instance, timeoutMs: STOP_MS, fencedBy: generation })
}
