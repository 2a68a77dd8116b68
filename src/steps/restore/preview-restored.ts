import type { ReleaseParams } from '../../domain/plan/params.ts'
import { defineStep } from '../../engine/step.ts'
import { askRelease } from '../ask-release.ts'
import type { StepPorts } from '../ports.ts'

/** F of a restore: every component answers behind the maintenance page, on the restored data, before users are let in. */
export const previewRestored = defineStep<StepPorts, ReleaseParams>({
  id: 'preview-restored',
  limits: { attempts: 1, timeoutMs: 120_000 },
  async execute(ask, context) {
    const { edge, anchor } = context.ports
    const { memory } = await edge.read()
    // The plan may let the standby release in: the page stays, the candidate changes.
    if (memory?.live === 'maintenance' && memory.candidate !== ask.color)
      await edge.flip({ to: 'maintenance', candidate: ask.color, fencedBy: context.generation, anchor: await anchor() })
    const { tookMs } = await askRelease({ ...ask, preview: true }, context)
    return { output: { tookMs }, effects: [] }
  },
  undo: 'none',
})
