import type { FlipParams } from '../../domain/plan/params.ts'
import { defineStep } from '../../engine/step.ts'
import type { StepPorts } from '../ports.ts'

/** C: the edge names the release in the answers of the color. For people who read headers; no check ever believes it. */
export const nameRelease = defineStep<StepPorts, FlipParams>({
  id: 'name-release',
  limits: { attempts: 3, timeoutMs: 10_000 },
  async execute({ color, sha }, { ports: { edge }, generation }) {
    await edge.name({ color, sha, fencedBy: generation })
    return { output: null, effects: [] }
  },
  async undo({ color }, { ports: { edge }, generation }) {
    await edge.name({ color, sha: null, fencedBy: generation })
    return []
  },
  keptFrom: 'check',
})
