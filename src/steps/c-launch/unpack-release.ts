import type { LaunchParams } from '../../domain/plan/params.ts'
import { defineStep } from '../../engine/step.ts'
import { cachedRelease, refuseTheLiveColor, withEnvironments } from '../guards.ts'
import type { StepPorts } from '../ports.ts'

/** C: the release's files are in a fresh folder of the color, whole or not at all. */
export const unpackRelease = defineStep<StepPorts, LaunchParams>({
  id: 'unpack-release',
  limits: { attempts: 1, timeoutMs: 5 * 60_000 },
  async execute({ color, sha, environment }, { ports, operation, generation }) {
    await refuseTheLiveColor(ports, color)
    const { manifest, artifacts } = await cachedRelease(ports, sha)
    await ports.runtime.unpack({
      color,
      manifest: withEnvironments(manifest, environment),
      artifacts,
      operation,
      fencedBy: generation,
    })
    return { output: null, effects: [{ effect: 'color-launching', color, sha }] }
  },
  async undo({ color }, { ports, operation, generation }) {
    await refuseTheLiveColor(ports, color)
    await ports.runtime.remove({ color, operation, fencedBy: generation })
    return [{ effect: 'color-emptied', color }]
  },
  keptFrom: 'check',
  manual: ({ color }) => [`backflip cleanup --color ${color}`],
})
