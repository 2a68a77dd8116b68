import type { ReleaseParams } from '../../domain/plan/params.ts'
import { defineStep } from '../../engine/step.ts'
import { askRelease } from '../ask-release.ts'
import { awaitServers } from '../await-servers.ts'
import type { StepPorts } from '../ports.ts'

/** D: the edge itself sees every server of the color as up, and one request per component through it is answered by the release. */
export const previewRelease = defineStep<StepPorts, ReleaseParams>({
  id: 'preview-release',
  limits: { attempts: 1, timeoutMs: 120_000 },
  async execute(ask, context) {
    await awaitServers({ ...ask, needed: 'all' }, context)
    const { tookMs } = await askRelease({ ...ask, preview: true }, context)
    return { output: { tookMs }, effects: [] }
  },
  undo: 'none',
})
