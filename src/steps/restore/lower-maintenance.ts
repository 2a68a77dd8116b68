import type { OpenParams } from '../../domain/plan/params.ts'
import { defineStep, type StepResult } from '../../engine/step.ts'
import type { StepPorts } from '../ports.ts'

/**
 * E of a restore, its pivot: users are let in. What they write from now on is in the restored data only, so nothing after it goes back by itself.
 */
export const lowerMaintenance = defineStep<StepPorts, OpenParams>({
  id: 'lower-maintenance',
  limits: { attempts: 3, timeoutMs: 15_000 },
  async check(open, { ports: { edge } }) {
    const { memory, file } = await edge.read()
    if (memory === null || file === null) return 'unknown'
    if (memory.live !== open.color && file.live !== open.color) return 'not-done'
    return memory.live === file.live ? opened(open, memory.generation) : 'unknown'
  },
  async execute(open, { ports: { edge, anchor }, generation }) {
    const { state } = await edge.flip({ to: open.color, fencedBy: generation, anchor: await anchor() })
    return opened(open, state.generation)
  },
  undo: 'none',
})

function opened({ color, sha, moves }: OpenParams, generation: number): StepResult {
  return {
    output: { generation },
    effects: [
      { effect: 'maintenance', on: false },
      ...(moves ? [{ effect: 'live', color, sha, generation } as const] : []),
    ],
  }
}
