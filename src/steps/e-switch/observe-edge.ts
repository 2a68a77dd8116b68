import { isColor } from '../../domain/color.ts'
import { BackflipError } from '../../domain/errors.ts'
import type { ColorParams } from '../../domain/plan/params.ts'
import { defineStep } from '../../engine/step.ts'
import type { StepPorts } from '../ports.ts'

/**
 * E: what is live before the flip, in an entry of its own: on a repeat the flip would read its own change
 * (research/stack.md §3: 1 of 112 crash cases fails without this).
 */
export const observeEdge = defineStep<StepPorts, ColorParams>({
  id: 'observe-edge',
  limits: { attempts: 2, timeoutMs: 10_000 },
  async execute(_params, { ports: { edge } }) {
    const { memory, releases } = await edge.read()
    if (memory === null)
      throw new BackflipError('the edge does not run', { code: 'edge-down', kind: 'failed', hint: 'backflip up' })
    const sha = isColor(memory.live) ? releases[memory.live] : null
    return { output: { live: memory.live, sha }, effects: [] }
  },
  undo: 'none',
})
