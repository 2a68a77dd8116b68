import type { LaunchParams } from '../../domain/plan/params.ts'
import { defineStep } from '../../engine/step.ts'
import { cachedRelease, refuseTheLiveColor, withEnvironments } from '../guards.ts'
import type { StepPorts } from '../ports.ts'

/** C: every instance of the color is started, components in parallel. Repeatable: one that this operation started is left alone. */
export const startInstances = defineStep<StepPorts, LaunchParams>({
  id: 'start-instances',
  limits: { attempts: 1, timeoutMs: 120_000 },
  async execute({ color, sha, environment, fingerprints }, { ports, operation, generation }) {
    await refuseTheLiveColor(ports, color)
    const { manifest, manifestSha256, artifacts } = await cachedRelease(ports, sha)
    const report = await ports.runtime.start({
      color,
      manifest: withEnvironments(manifest, environment),
      artifacts,
      operation,
      fencedBy: generation,
      knownFingerprints: fingerprints,
    })
    return {
      output: { instances: report.instances.map(({ name }) => name), rotated: report.rotated },
      effects: [
        { effect: 'color-started', color, sha, manifestSha256, environment, fingerprints: report.fingerprints },
      ],
    }
  },
  async undo({ color }, { ports, operation, generation }) {
    await refuseTheLiveColor(ports, color)
    await ports.runtime.stop({ color, operation, fencedBy: generation })
    return [{ effect: 'color-stopped', color }]
  },
  keptFrom: 'check',
  manual: ({ color }) => [`backflip cleanup --color ${color}`],
})
