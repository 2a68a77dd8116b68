import type { ReleaseParams } from '../../domain/plan/params.ts'
import { defineStep } from '../../engine/step.ts'
import { askRelease } from '../ask-release.ts'
import type { StepPorts } from '../ports.ts'

/** The flip is confirmed and the color was up: an answer that is not the release's own is wrong at once, save one hiccup. */
const GRACE_MS = 500

/** F: every component, asked through the public address, answers with the SHA itself (I4). A header of the edge proves nothing. */
export const probePublic = defineStep<StepPorts, ReleaseParams>({
  id: 'probe-public',
  limits: { attempts: 1, timeoutMs: 60_000 },
  async execute(ask, context) {
    const { tookMs } = await askRelease({ ...ask, limitMs: Math.min(ask.limitMs, GRACE_MS), preview: false }, context)
    return { output: { tookMs }, effects: [] }
  },
  undo: 'none',
})
