import { refusal } from '../../domain/errors.ts'
import type { WayBackParams } from '../../domain/plan/params.ts'
import { defineStep } from '../../engine/step.ts'
import type { StepPorts } from '../ports.ts'

/** A: what a rollback would need is on this host, every byte of it. What is missing is fetched; what cannot be had stops the deploy. */
export const verifyWayBack = defineStep<StepPorts, WayBackParams>({
  id: 'verify-way-back',
  limits: { attempts: 1, timeoutMs: 15 * 60_000 },
  async execute({ shas }, { ports: { cache, registry } }) {
    for (const sha of shas) {
      if ((await cache.find(sha, { verify: true })) !== null) continue
      try {
        await cache.fetch({ sha, from: registry, pinned: null })
      } catch (cause) {
        throw refusal(`the way back to ${sha} is lost: it is neither in this host's cache nor in the registry, whole`, {
          code: 'way-back-lost',
          hint: `publish it again (backflip publish --sha ${sha} …)`,
          cause,
        })
      }
    }
    return { output: { verified: shas }, effects: [] }
  },
  undo: 'none',
})
