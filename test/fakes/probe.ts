import type { Color } from '../../src/domain/color.ts'
import { isColor } from '../../src/domain/color.ts'
import type { Probe, ProbeAnswer } from '../../src/ports/probe.ts'
import { EDGE_URL, PREVIEW, previewColor } from './edge.ts'
import type { Operator } from './operator.ts'
import type { FakeInstance, World } from './world.ts'

type Way = 'place' | 'preview' | 'public'

/** Answers as the world would: in place from the instance behind the port, through the edge from what its memory serves. */
export function fakeProbe(world: World, operator: Operator): Probe {
  let asked = 0
  return {
    ask: ({ url, health, expect, headers = {} }) =>
      world.call(operator, 'probe.ask', () => {
        asked += 1
        const way: Way = !url.startsWith(EDGE_URL)
          ? 'place'
          : headers[PREVIEW.header] === PREVIEW.token
            ? 'preview'
            : 'public'
        const instance = way === 'place' ? atPort(world, url) : behindEdge(world, way, health.path)
        const { status, sha } = answer(instance, way, asked)
        const problem =
          status !== 200
            ? `status ${status ?? 'none'}`
            : sha === expect
              ? null
              : `the answer is from ${sha ?? 'nobody'}`
        return { good: problem === null, status, sha, problem, tookMs: 0 } satisfies ProbeAnswer
      }),
  }
}

function atPort(world: World, url: string): FakeInstance | undefined {
  return [...world.runtime.instances.values()].find(({ address }) => url === `http://${address.host}:${address.port}`)
}

function behindEdge(world: World, way: Way, path: string): FakeInstance | undefined {
  const color = way === 'preview' ? previewColor(world) : world.edge.memory.live
  return isColor(color) && world.edge.running ? instanceFor(world, color, path) : undefined
}

export function instanceFor({ edge, runtime }: World, color: Color, path: string): FakeInstance | undefined {
  const component = edge.loaded?.colors[color].find(({ health }) => health.path === path)
  const server = component?.servers[0]
  return server === undefined ? undefined : runtime.instances.get(server.name)
}

/** What the instance says by itself; `asked` counts, for those that answer well only now and then. */
export function answer(
  instance: FakeInstance | undefined,
  way: Way,
  asked: number,
): { readonly status: number | null; readonly sha: string | null } {
  if (instance?.state !== 'running') return { status: null, sha: null }
  const { sha } = instance
  switch (instance.release.variety) {
    case 'never-healthy':
      return { status: 503, sha }
    case 'flapping':
      return asked % 2 === 1 ? { status: 200, sha } : { status: 503, sha }
    case 'wrong-sha':
      return { status: 200, sha: '9'.repeat(40) }
    case 'bad-in-preview':
      return way === 'place' ? { status: 200, sha } : { status: 500, sha }
    case 'bad-in-public':
      return way === 'public' ? { status: 500, sha } : { status: 200, sha }
    default:
      return { status: 200, sha }
  }
}
