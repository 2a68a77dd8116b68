import { isColor } from '../../domain/color.ts'
import type { FlipParams } from '../../domain/plan/params.ts'
import { defineStep } from '../../engine/step.ts'
import type { StepPorts } from '../ports.ts'
import { beforeTheFlip } from './before-the-flip.ts'

/** E: the edge sends new requests to the target color. Repeatable: the same state again is the same state. */
export const flipEdge = defineStep<StepPorts, FlipParams>({
  id: 'flip-edge',
  limits: { attempts: 3, timeoutMs: 15_000 },
  async check({ color, sha }, { ports: { edge } }) {
    const { memory, file } = await edge.read()
    if (memory === null || file === null) return 'unknown'
    if (memory.live !== color && file.live !== color) return 'not-done'
    // Half a flip (file without memory, or memory without file) is finished by doing it again.
    if (memory.live !== file.live) return 'unknown'
    return {
      output: { generation: memory.generation, tries: 0 },
      effects: [{ effect: 'live', color, sha, generation: memory.generation }],
    }
  },
  async execute({ color, sha }, { ports: { edge, anchor }, generation }) {
    const { state, tries } = await edge.flip({ to: color, fencedBy: generation, anchor: await anchor() })
    return {
      output: { generation: state.generation, tries },
      effects: [{ effect: 'live', color, sha, generation: state.generation }],
    }
  },
  // What was live before comes from `observe-edge`, never from here.
  async undo(_params, { ports: { edge, anchor }, generation, output }) {
    const before = beforeTheFlip(output('observe-edge'))
    const { state } = await edge.flip({ to: before.live, fencedBy: generation, anchor: await anchor() })
    const color = isColor(before.live) ? before.live : null
    return [{ effect: 'live', color, sha: before.sha, generation: state.generation }]
  },
  manual: (_params, { output }) => [
    `backflip doctor   (traffic was on ${beforeTheFlip(output('observe-edge')).live} before)`,
    'backflip resume',
  ],
})
