import type { ShapeParams } from '../../domain/plan/params.ts'
import { defineStep } from '../../engine/step.ts'
import type { StepPorts } from '../ports.ts'

/** C: the edge knows the release's routes and servers for the standby color. Reloads only when they differ from before. */
export const shapeEdge = defineStep<StepPorts, ShapeParams>({
  id: 'shape-edge',
  limits: { attempts: 2, timeoutMs: 60_000 },
  async execute({ topology }, { ports: { edge }, generation }) {
    const change = await edge.apply({ topology, fencedBy: generation })
    return { output: { change }, effects: [] }
  },
  // Only the standby color's half changed, and nobody is sent there.
  undo: 'none',
})
