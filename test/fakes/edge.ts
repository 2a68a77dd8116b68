import { COLORS, type Color, isColor, otherColor } from '../../src/domain/color.ts'
import { type EdgeState, NO_TRAFFIC, sameTraffic } from '../../src/domain/edge-state.ts'
import { refusal } from '../../src/domain/errors.ts'
import type { Anchor, Edge, EdgeView, FlipAsk, FlipReport } from '../../src/ports/edge.ts'
import type { Operator } from './operator.ts'
import { edgeDown, edgeUnknown, fenced, noServer } from './refusals.ts'
import { isUpForEdge } from './releases.ts'
import type { World } from './world.ts'

const HANG_MS = 2_000
const MAX_TRIES = 5
export const EDGE_URL = 'http://edge'
export const PREVIEW = { header: 'x-preview', token: 'a-preview-token-of-the-fake' }

/**
 * The edge as one operator reaches it. A writing call is several atomic changes, as of the real one: each file write is refused by the
 * newest generation taken, each change of memory by the generation in memory.
 */
export function fakeEdge(world: World, operator: Operator): Edge {
  const host: Host = { world, operator }
  const ask = <T>(name: string, work: () => T | Promise<T>) =>
    world.call(operator, `edge.${name}`, () => answering(host, work))
  return {
    read: () => ask('read', () => view(world)),
    shortcomings: () => ask('shortcomings', () => world.shortcomings.edge),
    fence: (request) => ask('fence', () => fence(host, request)),
    flip: (request) => ask('flip', () => flip(host, request)),
    name: (request) => ask('name', () => name(host, request)),
    compare: (topology) => ask('compare', () => (isLoaded(world, topology) ? 'none' : 'reload')),
    apply: ({ topology, fencedBy }) => ask('apply', () => apply(host, topology, fencedBy)),
    counters: (color) => ask('counters', () => countersOf(world, color)),
    remains: () => ask('remains', () => ({ sessions: 0 })),
    closeSessions: (color) =>
      ask('closeSessions', () => {
        if (world.edge.memory.live === color) throw refusal(`${color} is live`, { code: 'color-is-live' })
      }),
    address: () => ask('address', () => ({ url: EDGE_URL, preview: PREVIEW })),
    record: (request) => ask('record', () => record(host, request)),
    start: (topology) => ask('start', () => start(host, topology)),
    stop: () =>
      ask('stop', () => {
        const end = () => {
          world.edge.running = false
        }
        return world.change(operator, 'the edge stops', end, UNFENCED)
      }),
  }
}

const UNFENCED = { fenced: false }

interface Host {
  readonly world: World
  readonly operator: Operator
}

async function answering<T>({ world, operator }: Host, work: () => T | Promise<T>): Promise<T> {
  if (!world.edgeHangs()) return work()
  await world.clock.of(operator).sleep(HANG_MS)
  throw edgeUnknown()
}

/** A hang may begin in the middle of a call: what was changed until then is changed. */
async function step(
  host: Host,
  what: string,
  apply: () => void,
  facts: { readonly fenced?: boolean } = {},
): Promise<void> {
  await answering(host, () => host.world.change(host.operator, what, apply, facts))
}

function view({ edge, ...world }: World): EdgeView {
  const servers = (color: Color) => (edge.running ? serversOf({ edge, runtime: world.runtime }, color) : [])
  return {
    memory: edge.running ? edge.memory : null,
    file: edge.file?.state ?? null,
    anchor: edge.file?.anchor ?? null,
    releases: edge.running ? edge.names : edge.fileNames,
    servers: { blue: servers('blue'), green: servers('green') },
    worker: edge.running ? edge.worker : null,
    activeColorFile: edge.activeColor,
  }
}

function serversOf({ edge, runtime }: Pick<World, 'edge' | 'runtime'>, color: Color): EdgeView['servers']['blue'] {
  return (edge.loaded?.colors[color] ?? []).map(({ name: component, servers }) => {
    const up = servers.filter((server) => {
      const instance = runtime.instances.get(server.name)
      return instance?.state === 'running' && isUpForEdge(instance.release.variety)
    })
    return { component, up: up.length, total: servers.length }
  })
}

async function fence(
  host: Host,
  { anchor, adopt = false }: { readonly anchor: Anchor; readonly adopt?: boolean },
): Promise<{ readonly generation: number }> {
  const { edge } = host.world
  if (edge.file !== null && edge.file.anchor.journal !== anchor.journal && !adopt) {
    throw refusal('this edge belongs to another journal', { code: 'foreign-journal' })
  }
  let generation = 0
  await step(
    host,
    'the edge hands out a generation',
    () => {
      generation = Math.max(edge.fence, edge.file?.state.generation ?? 0, edge.memory.generation) + 1
      edge.fence = generation
    },
    UNFENCED,
  )
  const served = edge.file?.state ?? (edge.running ? edge.memory : NO_TRAFFIC)
  await writeState(host, { ...served, generation }, anchor, UNFENCED)
  if (edge.running) {
    await writeMemory(host, generation, () => ({ ...edge.memory, generation }), UNFENCED)
    // A flip that died between file and memory: what memory serves keeps serving, and the file says so.
    if (!sameTraffic(edge.memory, served)) await writeState(host, { ...edge.memory, generation }, anchor, UNFENCED)
  }
  host.operator.generation = generation
  return { generation }
}

function writeState(host: Host, state: EdgeState, anchor: Anchor, facts?: { readonly fenced: boolean }): Promise<void> {
  const write = () => {
    refuseLate(host.world, state.generation)
    host.world.edge.file = { state, anchor }
  }
  return step(host, `state file: ${state.live}`, write, facts)
}

function writeMemory(
  host: Host,
  generation: number,
  next: () => EdgeState,
  facts?: { readonly fenced: boolean },
): Promise<void> {
  const { edge } = host.world
  const write = () => {
    if (edge.memory.generation > generation) throw fenced(generation)
    edge.memory = next()
  }
  return step(host, 'memory', write, facts)
}

function refuseLate({ edge }: World, generation: number): void {
  if (edge.fence > generation) throw fenced(generation)
}

async function flip(host: Host, request: FlipAsk): Promise<FlipReport> {
  const { edge } = host.world
  if (!edge.running) throw edgeDown()
  const state: EdgeState = {
    live: request.to,
    candidate: request.candidate ?? null,
    share: request.share ?? 0,
    generation: request.fencedBy,
  }
  if (edge.memory.generation > state.generation) throw fenced(state.generation)
  assertUp(host.world, state)
  await writeState(host, state, request.anchor)
  for (let tries = 1; tries <= MAX_TRIES; tries += 1) {
    try {
      await writeMemory(host, state.generation, () => {
        assertUp(host.world, state)
        return state
      })
    } catch (error) {
      if ((error as { code?: string }).code !== 'no-server') throw error
      await writeState(host, { ...edge.memory, generation: state.generation }, request.anchor)
      throw error
    }
    const { worker } = edge
    const confirmed = await answering(host, () => edge.worker === worker && sameTraffic(edge.memory, state))
    if (confirmed) return { state, worker, tries }
  }
  throw edgeUnknown()
}

function assertUp(world: World, { live, candidate, share }: EdgeState): void {
  for (const color of COLORS) {
    if (live !== color && !(candidate === color && share > 0)) continue
    const servers = serversOf(world, color)
    if (servers.length === 0 || servers.some(({ up }) => up === 0)) throw noServer(color)
  }
}

async function name(host: Host, { color, sha, fencedBy }: Parameters<Edge['name']>[0]): Promise<void> {
  const { edge } = host.world
  await step(host, `names file: ${color}`, () => {
    refuseLate(host.world, fencedBy)
    edge.fileNames = { ...edge.fileNames, [color]: sha }
  })
  if (!edge.running) return
  await step(host, `name in memory: ${color}`, () => {
    if (edge.memory.generation > fencedBy) throw fenced(fencedBy)
    edge.names = { ...edge.names, [color]: sha }
  })
}

type Topology = Parameters<Edge['compare']>[0]

function isLoaded({ edge }: World, topology: Topology): boolean {
  const text = JSON.stringify(topology)
  return JSON.stringify(edge.config) === text && JSON.stringify(edge.loaded) === text
}

async function apply(host: Host, topology: Topology, fencedBy: number): Promise<'none' | 'reload'> {
  const { edge } = host.world
  if (isLoaded(host.world, topology)) return 'none'
  await step(host, 'configuration', () => {
    refuseLate(host.world, fencedBy)
    edge.config = topology
  })
  await step(host, 'reload', () => {
    refuseLate(host.world, fencedBy)
    edge.worker += 1
    edge.memory = edge.file?.state ?? NO_TRAFFIC
    edge.names = { ...edge.fileNames }
    edge.loaded = edge.config
  })
  return 'reload'
}

async function record(host: Host, { color, sha, operation, fencedBy }: Parameters<Edge['record']>[0]): Promise<void> {
  const { edge } = host.world
  const line = `${color} ${sha ?? '-'} ${operation}`
  if (edge.history[0] !== line) {
    await step(host, 'active-color.history', () => {
      refuseLate(host.world, fencedBy)
      edge.history = [line, ...edge.history]
    })
  }
  await step(host, `active-color: ${color}`, () => {
    refuseLate(host.world, fencedBy)
    edge.activeColor = color
  })
}

async function start(host: Host, topology: Topology): Promise<void> {
  const { edge } = host.world
  if (edge.running) return
  await host.world.change(
    host.operator,
    'the edge starts',
    () => {
      edge.config = topology
      edge.running = true
      edge.worker += 1
      edge.loaded = topology
      edge.memory = edge.file?.state ?? NO_TRAFFIC
      edge.names = { ...edge.fileNames }
    },
    UNFENCED,
  )
}

/** What the public has asked of a color: requests since the world began, errors when its release has them under load. */
function countersOf(world: World, color: Color): Awaited<ReturnType<Edge['counters']>> {
  const { edge, clock } = world
  const asked = edge.memory.live === color ? Math.floor((clock.nowMs * world.requestsPerSecond) / 1000) : 0
  const requests = asked + edge.asked[color]
  const bad = world.instancesOf(color).some(({ release }) => release.variety === 'bad-under-load')
  return { worker: edge.worker, requests, serverErrors: bad ? requests : 0, responseMs: 1 }
}

/** The color that a public request reaches, and counts there; null for the stated page. */
export function askPublic(world: World): Color | null {
  const { memory, asked } = world.edge
  const { live, candidate, share } = memory
  const isUp = (color: Color) => serversOf(world, color).some(({ up }) => up > 0)
  const chosen = candidate !== null && share === 10_000 && isUp(candidate) ? candidate : live
  if (!isColor(chosen) || !isUp(chosen)) return null
  asked[chosen] += 1
  return chosen
}

/** The color that a preview request reaches: the one that the public does not. */
export function previewColor({ edge }: World): Color {
  if (isColor(edge.memory.live)) return otherColor(edge.memory.live)
  return (edge.loaded?.colors.blue.length ?? 0) > 0 ? 'blue' : 'green'
}
