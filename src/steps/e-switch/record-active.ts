import { isColor } from '../../domain/color.ts'
import type { FlipParams } from '../../domain/plan/params.ts'
import { defineStep, NOTHING } from '../../engine/step.ts'
import type { StepPorts } from '../ports.ts'
import { beforeTheFlip } from './before-the-flip.ts'

/** E: `active-color` and its history say what the edge does, for the person who works by hand. */
export const recordActive = defineStep<StepPorts, FlipParams>({
  id: 'record-active',
  limits: { attempts: 3, timeoutMs: 10_000 },
  async execute({ color, sha }, { ports: { edge, clock }, operation, generation }) {
    await edge.record({ at: clock.now(), color, sha, operation, fencedBy: generation })
    return NOTHING
  },
  async undo(_params, { ports: { edge, clock }, operation, generation, output }) {
    const { live, sha } = beforeTheFlip(output('observe-edge'))
    await edge.record({ at: clock.now(), color: isColor(live) ? live : 'none', sha, operation, fencedBy: generation })
    return []
  },
  manual: (_params, { output }) => [
    `write ${beforeTheFlip(output('observe-edge')).live} into the file active-color, then: backflip resume`,
  ],
})
