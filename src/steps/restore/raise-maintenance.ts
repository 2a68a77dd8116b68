import { isColor } from '../../domain/color.ts'
import type { MaintenanceParams } from '../../domain/plan/params.ts'
import { defineStep, type StepContext } from '../../engine/step.ts'
import { awaitServers } from '../await-servers.ts'
import { beforeTheFlip } from '../e-switch/before-the-flip.ts'
import type { StepPorts } from '../ports.ts'

/** For the release to find its database again after a stop, and for the edge to see it. */
const RECOVERY_LIMIT_MS = 60_000

/** A of a restore: the edge answers with its maintenance page, and with the release only to who knows the preview token. */
export const raiseMaintenance = defineStep<StepPorts, MaintenanceParams>({
  id: 'raise-maintenance',
  limits: { attempts: 3, timeoutMs: 2 * RECOVERY_LIMIT_MS },
  async check(_params, { ports: { edge } }) {
    const { memory, file } = await edge.read()
    if (memory?.live !== 'maintenance' && file?.live !== 'maintenance') return 'not-done'
    return memory?.live === file?.live ? { output: null, effects: [{ effect: 'maintenance', on: true }] } : 'unknown'
  },
  async execute({ candidate }, { ports: { edge, anchor }, generation }) {
    await edge.flip({ to: 'maintenance', candidate, fencedBy: generation, anchor: await anchor() })
    return { output: null, effects: [{ effect: 'maintenance', on: true }] }
  },
  // Which color was live comes from `observe-edge`, never from here.
  async undo(_params, context) {
    const { live } = beforeTheFlip(context.output('observe-edge'))
    const { ports, generation } = context
    if (isColor(live)) await bringBack(live, context)
    await ports.edge.flip({ to: live, fencedBy: generation, anchor: await ports.anchor() })
    return [{ effect: 'maintenance', on: false }]
  },
  manual: (_params, { output }) => [
    `backflip doctor   (traffic was on ${beforeTheFlip(output('observe-edge')).live} before)`,
    'backflip resume',
  ],
})

/** A release may have ended when its database stopped, or not be healthy yet: nobody is sent to it before it is (I1). */
async function bringBack(live: 'blue' | 'green', context: StepContext<StepPorts>): Promise<void> {
  const { edge, runtime } = context.ports
  const { servers } = await edge.read()
  if (servers[live].length > 0 && servers[live].every(({ up }) => up > 0)) return
  await runtime.revive({ color: live, fencedBy: context.generation })
  await awaitServers({ color: live, limitMs: RECOVERY_LIMIT_MS, needed: 'one' }, context)
}
