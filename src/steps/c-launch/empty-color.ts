import type { ColorParams } from '../../domain/plan/params.ts'
import { defineStep } from '../../engine/step.ts'
import { refuseTheLiveColor } from '../guards.ts'
import type { StepPorts } from '../ports.ts'

/** C: the standby color is stopped and its files are gone; its logs stay. The plan has said which way back this consumes. */
export const emptyColor = defineStep<StepPorts, ColorParams>({
  id: 'empty-color',
  limits: { attempts: 2, timeoutMs: 120_000 },
  async execute({ color }, { ports, generation }) {
    await refuseTheLiveColor(ports, color)
    await ports.edge.name({ color, sha: null, fencedBy: generation })
    await ports.runtime.remove({ color, fencedBy: generation })
    return { output: null, effects: [{ effect: 'color-emptied', color }] }
  },
  // What is gone cannot be had back, and half a color is no way back: once the removal may have begun (the name goes first) it is finished,
  // so that the journal says what is there.
  async undo({ color }, { ports, generation }) {
    const { releases } = await ports.edge.read()
    const named = releases[color]
    if (named !== null) {
      await ports.edge.name({ color, sha: named, fencedBy: generation })
      return []
    }
    await refuseTheLiveColor(ports, color)
    await ports.runtime.remove({ color, fencedBy: generation })
    return [{ effect: 'color-emptied', color }]
  },
  keptFrom: 'check',
  manual: ({ color }) => [`backflip cleanup --color ${color}`],
})
