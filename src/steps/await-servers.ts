import type { Color } from '../domain/color.ts'
import { BackflipError } from '../domain/errors.ts'
import type { StepContext } from '../engine/step.ts'
import type { StepPorts } from './ports.ts'

const PAUSE_MS = 50

export interface AwaitServers {
  readonly color: Color
  readonly limitMs: number
  /** Every server, as of a color that was just launched; or one of each component, which is what a flip needs. */
  readonly needed: 'all' | 'one'
}

/** Until the edge's own checks see the color as up. Error `edge-sees-down` (kind `failed`) after `limitMs`. */
export async function awaitServers(
  { color, limitMs, needed }: AwaitServers,
  { ports: { edge, clock }, signal, say }: StepContext<StepPorts>,
): Promise<void> {
  const begun = clock.monotonicMs()
  for (;;) {
    signal.throwIfAborted()
    const view = await edge.read()
    const servers = view.servers[color]
    const down = servers.filter(({ up, total }) => up < (needed === 'all' ? total : 1))
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
