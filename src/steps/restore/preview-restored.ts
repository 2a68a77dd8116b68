import type { ReleaseParams } from '../../domain/plan/params.ts'
import { defineStep } from '../../engine/step.ts'
import { askRelease } from '../ask-release.ts'
import { awaitServers } from '../await-servers.ts'
import type { StepPorts } from '../ports.ts'

/** E of a restore: every component answers behind the maintenance page, on the restored data, before users are let in. */
export const previewRestored = defineStep<StepPorts, ReleaseParams>({
  id: 'preview-restored',
  limits: { attempts: 1, timeoutMs: 120_000 },
  async execute(ask, context) {
    const { edge, anchor, runtime } = context.ports
    // A release may have ended when its database stopped.
    await runtime.revive({ color: ask.color, fencedBy: context.generation })
    const { memory } = await edge.read()
    // The plan may let the standby release in: the page stays, the candidate changes.
    if (memory?.live === 'maintenance' && memory.candidate !== ask.color)
      await edge.flip({ to: 'maintenance', candidate: ask.color, fencedBy: context.generation, anchor: await anchor() })
    await awaitServers({ ...ask, needed: 'one' }, context)
    const { tookMs } = await askRelease({ ...ask, preview: true }, context)
    return { output: { tookMs }, effects: [] }
  },
  undo: 'none',
})
