import type { MaintenanceParams } from '../../domain/plan/params.ts'
import { defineStep } from '../../engine/step.ts'
import { beforeTheFlip } from '../e-switch/before-the-flip.ts'
import type { StepPorts } from '../ports.ts'

/** A of a restore: the edge answers with its maintenance page, and with the release only to who knows the preview token. */
export const raiseMaintenance = defineStep<StepPorts, MaintenanceParams>({
  id: 'raise-maintenance',
  limits: { attempts: 3, timeoutMs: 15_000 },
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
  async undo(_params, { ports: { edge, anchor }, generation, output }) {
    const { live } = beforeTheFlip(output('observe-edge'))
    await edge.flip({ to: live, fencedBy: generation, anchor: await anchor() })
    return [{ effect: 'maintenance', on: false }]
  },
  manual: (_params, { output }) => [
    `backflip doctor   (traffic was on ${beforeTheFlip(output('observe-edge')).live} before)`,
    'backflip resume',
  ],
})
