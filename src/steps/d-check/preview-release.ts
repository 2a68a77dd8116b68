import { BackflipError } from '../../domain/errors.ts'
import type { ReleaseParams } from '../../domain/plan/params.ts'
import { defineStep, type StepContext } from '../../engine/step.ts'
import { askRelease } from '../ask-release.ts'
import type { StepPorts } from '../ports.ts'

const PAUSE_MS = 50

/** D: the edge itself sees every server of the color as up, and one request per component through it is answered by the release. */
export const previewRelease = defineStep<StepPorts, ReleaseParams>({
  id: 'preview-release',
  limits: { attempts: 1, timeoutMs: 120_000 },
  async execute(ask, context) {
    await awaitServers(ask, context)
    const { tookMs } = await askRelease({ ...ask, preview: true }, context)
    return { output: { tookMs }, effects: [] }
  },
  undo: 'none',
})

async function awaitServers(
  { color, limitMs }: ReleaseParams,
  { ports: { edge, clock }, signal, say }: StepContext<StepPorts>,
): Promise<void> {
  const begun = clock.monotonicMs()
  for (;;) {
    signal.throwIfAborted()
    const view = await edge.read()
    const servers = view.servers[color]
    const down = servers.filter(({ up, total }) => up < total)
    if (view.memory !== null && servers.length > 0 && down.length === 0) return
    if (clock.monotonicMs() - begun >= limitMs) {
      const seen =
        servers.length === 0
          ? ['the edge knows no server of it']
          : down.map(({ component, up, total }) => `${component}: ${up} of ${total} up`)
      throw new BackflipError(`the edge does not see ${color} as up`, {
        code: 'edge-sees-down',
        kind: 'failed',
        details: seen,
        hint: `backflip status   (and backflip logs COMPONENT --color ${color})`,
      })
    }
    say(
      `waiting for the edge to see ${down.length === 0 ? color : down.map(({ component }) => component).join(', ')} as up`,
    )
    await clock.sleep(PAUSE_MS, signal)
  }
}
