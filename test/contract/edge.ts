import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Color } from '../../src/domain/color.ts'
import { BackflipError } from '../../src/domain/errors.ts'
import { parseJournalId } from '../../src/domain/ids.ts'
import type { Topology } from '../../src/domain/topology.ts'
import type { Anchor, Edge } from '../../src/ports/edge.ts'
import { operationId, r } from '../fakes/history.ts'

/** One world to try an edge in: two colors with a server each, which the test may take down. */
export interface EdgeWorld {
  readonly edge: Edge
  readonly topology: Topology
  /** Makes the edge see the color's servers as up or down; returns when it does. */
  readonly setUp: (color: Color, up: boolean) => Promise<void>
  /** Color that answers a public request, or null for the stated page. */
  readonly ask: (headers?: {
    readonly [name: string]: string
  }) => Promise<{ readonly status: number; readonly color: Color | null; readonly release: string | null }>
  /** The edge's process dies and is started again; or the nearest thing to it. */
  readonly restart: () => Promise<void>
  readonly close: () => Promise<void>
}

const JOURNAL = parseJournalId('00000000-0000-7000-8000-00000000000a')
const OTHER_JOURNAL = parseJournalId('00000000-0000-7000-8000-00000000000b')

function anchor(seq: number, journal = JOURNAL): Anchor {
  return { journal, seq, hash: seq.toString(16).padStart(64, '0') }
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work
    return 'no error'
  } catch (error) {
    return error instanceof BackflipError ? error.code : `${String(error)}`
  }
}

/** What every edge must do. Run on the fake world and on each driver with the real system. */
export function edgeContract(name: string, makeWorld: () => Promise<EdgeWorld>): void {
  describe(`${name} is an edge`, () => {
    let world: EdgeWorld
    let edge: Edge
    let generation: number

    beforeEach(async () => {
      world = await makeWorld()
      edge = world.edge
      await edge.start(world.topology)
      generation = (await edge.fence({ anchor: anchor(1) })).generation
      await edge.apply({ topology: world.topology, fencedBy: generation })
      await world.setUp('blue', true)
      await world.setUp('green', true)
    })
    afterEach(() => world.close())

    const flip = (to: Color | 'none' | 'maintenance', fencedBy = generation, seq = 2) =>
      edge.flip({ to, fencedBy, anchor: anchor(seq) })

    it('I1: before the first flip a stated page answers', async () => {
      expect(await world.ask()).toMatchObject({ status: 503, color: null })
      expect((await edge.read()).memory?.live).toBe('none')
    })

    it('a flip moves new requests, and memory, file and anchor agree', async () => {
      await flip('blue')
      expect(await world.ask()).toMatchObject({ status: 200, color: 'blue' })
      const report = await flip('green', generation, 3)
      expect(report.state.live).toBe('green')
      expect(await world.ask()).toMatchObject({ status: 200, color: 'green' })
      const view = await edge.read()
      expect(view.memory).toEqual(report.state)
      expect(view.file).toEqual(report.state)
      expect(view.anchor).toEqual(anchor(3))
      expect(view.worker).toBe(report.worker)
    })

    it('a flip is repeatable, and maintenance is a page and no color', async () => {
      await flip('blue')
      await flip('blue')
      expect(await world.ask()).toMatchObject({ color: 'blue' })
      await flip('maintenance')
      expect(await world.ask()).toMatchObject({ status: 503, color: null })
    })

    it('I1: a color whose server is down gets no traffic, and nothing is changed', async () => {
      await flip('blue')
      await world.setUp('green', false)
      expect(await codeOf(flip('green'))).toBe('no-server')
      const view = await edge.read()
      expect(view.memory?.live).toBe('blue')
      expect(view.file?.live).toBe('blue')
      expect(await world.ask()).toMatchObject({ color: 'blue' })
    })

    it('I7: after the next fence every write of an older generation is refused and changes nothing', async () => {
      await flip('blue')
      const next = (await edge.fence({ anchor: anchor(4) })).generation
      expect(next).toBeGreaterThan(generation)
      expect(await codeOf(flip('green'))).toBe('fenced')
      expect(await codeOf(edge.name({ color: 'green', sha: r(9), fencedBy: generation }))).toBe('fenced')
      expect(
        await codeOf(
          edge.record({ at: 'now', color: 'green', sha: r(9), operation: operationId(1), fencedBy: generation }),
        ),
      ).toBe('fenced')
      const view = await edge.read()
      expect(view).toMatchObject({
        memory: { live: 'blue', generation: next },
        file: { live: 'blue', generation: next },
        activeColorFile: null,
        releases: { green: null },
      })
      await flip('green', next)
      expect(await world.ask()).toMatchObject({ color: 'green' })
    })

    it('of many fences at once each gets a generation of its own, and the greatest one works', async () => {
      await flip('blue')
      const answers = await Promise.allSettled(
        Array.from({ length: 5 }, (_, index) => edge.fence({ anchor: anchor(10 + index) })),
      )
      const given = answers.flatMap((one) => (one.status === 'fulfilled' ? [one.value.generation] : []))
      expect(new Set(given).size).toBe(given.length)
      expect(given.length).toBeGreaterThan(0)
      const next = (await edge.fence({ anchor: anchor(20) })).generation
      await flip('green', next)
      expect((await edge.read()).memory).toMatchObject({ live: 'green', generation: next })
    })

    it('another journal is refused before anything is changed, unless it adopts', async () => {
      await flip('blue')
      const before = await edge.read()
      expect(await codeOf(edge.fence({ anchor: anchor(1, OTHER_JOURNAL) }))).toBe('foreign-journal')
      expect(await edge.read()).toEqual(before)
      await edge.fence({ anchor: anchor(1, OTHER_JOURNAL), adopt: true })
      expect((await edge.read()).anchor?.journal).toBe(OTHER_JOURNAL)
    })

    it('I3: a restart keeps the color, its name and the generation', async () => {
      await edge.name({ color: 'green', sha: r(2), fencedBy: generation })
      await flip('green')
      await world.restart()
      await world.setUp('green', true)
      const view = await edge.read()
      expect(view.memory).toEqual(view.file)
      expect(view.memory).toMatchObject({ live: 'green', generation })
      expect(await world.ask()).toMatchObject({ status: 200, color: 'green', release: r(2) })
    })

    it('names the releases of both colors, and forgets one', async () => {
      await edge.name({ color: 'blue', sha: r(1), fencedBy: generation })
      await edge.name({ color: 'green', sha: r(2), fencedBy: generation })
      expect((await edge.read()).releases).toEqual({ blue: r(1), green: r(2) })
      await edge.name({ color: 'blue', sha: null, fencedBy: generation })
      expect((await edge.read()).releases).toEqual({ blue: null, green: r(2) })
    })

    it('the preview token reaches the standby color; a wrong, empty or absent one the live one', async () => {
      await flip('blue')
      const { preview } = await edge.address()
      expect(preview.token.length).toBeGreaterThanOrEqual(16)
      expect(await world.ask({ [preview.header]: preview.token })).toMatchObject({ color: 'green' })
      expect(await world.ask({ [preview.header]: `${preview.token}x` })).toMatchObject({ color: 'blue' })
      expect(await world.ask({ [preview.header]: '' })).toMatchObject({ color: 'blue' })
      expect(await world.ask()).toMatchObject({ color: 'blue' })
    })

    it('the same topology again needs no reload; another one does, and the live color serves on', async () => {
      await flip('blue')
      expect(await edge.compare(world.topology)).toBe('none')
      expect(await edge.apply({ topology: world.topology, fencedBy: generation })).toBe('none')
      const [component] = world.topology.colors.green
      if (component === undefined) throw new Error('the world has a component')
      const green = [{ ...component, routes: [...component.routes, { pathPrefix: '/more' }] }]
      const other: Topology = { ...world.topology, colors: { ...world.topology.colors, green } }
      expect(await edge.compare(other)).toBe('reload')
      expect(await edge.apply({ topology: other, fencedBy: generation })).toBe('reload')
      expect(await edge.compare(other)).toBe('none')
      expect(await world.ask()).toMatchObject({ status: 200, color: 'blue' })
    })

    it('record writes active-color, and once per operation and color', async () => {
      const record = {
        at: '2026-01-01T00:00:00.000Z',
        color: 'blue' as const,
        sha: r(1),
        operation: operationId(1),
        fencedBy: generation,
      }
      await edge.record(record)
      await edge.record(record)
      expect((await edge.read()).activeColorFile).toBe('blue')
    })

    it('counts requests per color, and refuses to close the sessions of the live one', async () => {
      await flip('blue')
      const before = await edge.counters('blue')
      for (let index = 0; index < 5; index += 1) await world.ask()
      expect((await edge.counters('blue')).requests - before.requests).toBe(5)
      expect((await edge.counters('green')).requests).toBe(0)
      expect((await edge.remains('green')).sessions).toBe(0)
      expect(await codeOf(edge.closeSessions('blue'))).toBe('color-is-live')
    })

    it('a share goes to the candidate, and only while it is up', async () => {
      await edge.flip({ to: 'blue', candidate: 'green', share: 10_000, fencedBy: generation, anchor: anchor(5) })
      expect(await world.ask()).toMatchObject({ color: 'green' })
      await world.setUp('green', false)
      expect(await world.ask()).toMatchObject({ color: 'blue' })
    })
  })
}
