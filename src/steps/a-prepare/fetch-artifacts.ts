import type { FetchParams } from '../../domain/plan/params.ts'
import { defineStep } from '../../engine/step.ts'
import type { StepPorts } from '../ports.ts'

/** A: every artifact of the release is on this host, verified by size and digest. Repeatable: what is there is not fetched again. */
export const fetchArtifacts = defineStep<StepPorts, FetchParams>({
  id: 'fetch-artifacts',
  limits: { attempts: 2, timeoutMs: 15 * 60_000 },
  async execute({ sha, pinned }, { ports: { cache, registry } }) {
    const { manifestSha256, artifacts } = await cache.fetch({ sha, from: registry, pinned })
    return { output: { manifestSha256, artifacts: artifacts.length }, effects: [] }
  },
  // The cache is nobody's traffic and may be needed again.
  undo: 'none',
})
