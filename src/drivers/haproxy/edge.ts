import type { Edge } from '../../ports/edge.ts'
import type { Shortcoming } from '../../ports/shortcoming.ts'
import { apply, compare } from './apply.ts'
import { flip } from './flip.ts'
import type { Host } from './host.ts'
import { layoutOf } from './layout.ts'
import { look } from './look.ts'
import { nameRelease, readNames } from './name-release.ts'
import { recordActive } from './record-active.ts'
import { start, stop } from './start.ts'
import { takeFence } from './take-fence.ts'
import { closeSessions, counters, remains } from './traffic.ts'

/** What the caller brings; the names of things on the host are worked out from it. */
export interface HaproxyEdgeAsk extends Omit<Host, 'layout'> {
  /** What is missing on the way to its host, where there is a way. Default: nothing can be. */
  readonly checkTransport?: () => Promise<readonly Shortcoming[]>
}

const PREVIEW_HEADER = 'X-Backflip-Preview'

/** HAProxy as an edge. Which file does what: README.md in this folder. */
export function haproxyEdge(ask: HaproxyEdgeAsk): Edge {
  const host: Host = { ...ask, layout: layoutOf(ask.config, ask.app, ask.environment) }
  return {
    read: () => look(host),
    fence: async (request) => ({ generation: await takeFence(host, request) }),
    flip: (request) => flip(host, request),
    name: (request) => nameRelease(host, request),
    compare: (topology) => compare(host, topology),
    apply: ({ topology, fencedBy }) => apply(host, topology, fencedBy),
    counters: (color) => counters(host, color),
    remains: (color) => remains(host, color),
    closeSessions: (color) => closeSessions(host, color),
    async address() {
      const { preview } = await readNames(host)
      return { url: host.config.publicUrl, preview: { header: PREVIEW_HEADER, token: preview } }
    },
    record: (request) => recordActive(host, request),
    start: (topology) => start(host, topology),
    stop: () => stop(host),
    shortcomings: async () => (await ask.checkTransport?.()) ?? [],
  }
}
