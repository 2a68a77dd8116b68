import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parseJournalId } from '../../src/domain/ids.ts'
import { layoutOf } from '../../src/drivers/haproxy/layout.ts'
import { APP, ENVIRONMENT, r } from '../fakes/history.ts'
import { haproxies } from './haproxies.ts'
import { type HaproxyWorld, haproxyWorld } from './world.ts'

const anchor = { journal: parseJournalId('00000000-0000-7000-8000-00000000000a'), seq: 1, hash: '0'.repeat(64) }
const foreign = { ...anchor, journal: parseJournalId('00000000-0000-7000-8000-00000000000b') }

describe.each(haproxies())(
  '$name: files that are lost or spoiled, processes that are not where they should be',
  ({ binary }) => {
    let world: HaproxyWorld
    let generation: number

    beforeEach(async () => {
      world = await haproxyWorld(binary)
      await world.edge.start(world.topology)
      generation = (await world.edge.fence({ anchor })).generation
      await world.setUp('blue', true)
      await world.setUp('green', true)
      await world.edge.flip({ to: 'green', fencedBy: generation, anchor })
      await world.edge.name({ color: 'green', sha: r(2), fencedBy: generation })
    })
    afterEach(() => world.close())

    const layout = () => layoutOf(world.config, APP, ENVIRONMENT)
    const withMoreRoutes = () => {
      const [component] = world.topology.colors.blue
      if (component === undefined) throw new Error('no component')
      const blue = [{ ...component, routes: [...component.routes, { pathPrefix: '/more' }] }]
      return { ...world.topology, colors: { ...world.topology.colors, blue } }
    }
    const masters = () =>
      readdirSync('/proc')
        .filter((name) => /^\d+$/.test(name))
        .filter((pid) => readQuietly(`/proc/${pid}/cmdline`).includes(layout().masterSocket))

    it('I1: lost map files are made again from memory, so that the next reload keeps color, name and token', async () => {
      const { preview } = await world.edge.address()
      rmSync(layout().stateMap)
      rmSync(layout().namesMap)
      expect(await world.edge.apply({ topology: withMoreRoutes(), fencedBy: generation })).toBe('reload')
      const view = await world.edge.read()
      expect(view.file).toEqual(view.memory)
      expect(view).toMatchObject({ memory: { live: 'green', generation }, releases: { green: r(2) } })
      expect(await world.ask()).toMatchObject({ status: 200, color: 'green', release: r(2) })
      expect((await world.edge.address()).preview).toEqual(preview)
    })

    it('a spoiled state file is written again by the next fence, with what memory serves', async () => {
      writeFileSync(layout().stateMap, '\0\0garbage\n\n:::\n')
      expect((await world.edge.read()).file).toBeNull()
      const next = (await world.edge.fence({ anchor })).generation
      const view = await world.edge.read()
      expect(view.file).toEqual(view.memory)
      expect(view.memory).toMatchObject({ live: 'green', generation: next })
    })

    it('a spoiled state file and no worker: nobody invents a color, and nothing is changed', async () => {
      await world.edge.stop()
      const spoiled = readFileSync(layout().stateMap, 'utf8').replace('green:', 'grün:')
      writeFileSync(layout().stateMap, spoiled)
      await expect(world.edge.fence({ anchor })).rejects.toMatchObject({ code: 'edge-unknown', kind: 'person' })
      await expect(world.edge.fence({ anchor: foreign })).rejects.toMatchObject({ code: 'foreign-journal' })
      expect(readFileSync(layout().stateMap, 'utf8')).toBe(spoiled)
      expect(readdirSync(layout().fenceFolder)).toEqual([`gen-${generation}`])
    })

    it('an edge that does not run is said to be down, and knows from its files what it would do', async () => {
      await world.edge.stop()
      expect(await world.edge.read()).toMatchObject({ memory: null, worker: null, file: { live: 'green' } })
      await expect(world.edge.flip({ to: 'blue', fencedBy: generation, anchor })).rejects.toMatchObject({
        code: 'edge-down',
      })
      expect((await world.edge.read()).file?.live).toBe('green')
    })

    it('a process record that was never written: the running HAProxy is found, and no second one shares its port', async () => {
      const before = masters()
      expect(before).toHaveLength(2)
      rmSync(layout().processRecord)
      await world.edge.start(world.topology)
      expect(masters()).toEqual(before)
      rmSync(layout().processRecord)
      await world.edge.stop()
      expect(masters()).toEqual([])
    })

    it('a process record of somebody else: his process is left alone', async () => {
      const record = JSON.parse(readFileSync(layout().processRecord, 'utf8')) as { readonly start: string }
      writeFileSync(layout().processRecord, JSON.stringify({ pid: process.ppid, start: record.start }))
      await world.edge.stop()
      expect(masters()).toEqual([])
      expect(() => process.kill(process.ppid, 0)).not.toThrow()
    })

    it('stop ends a worker that is itself stopped, and the port is free', async () => {
      const { worker } = await world.edge.read()
      if (worker === null) throw new Error('no worker')
      process.kill(worker, 'SIGSTOP')
      await world.edge.stop()
      expect(masters()).toEqual([])
      const server = createServer()
      await new Promise<void>((resolve, reject) => {
        server.on('error', reject).listen(world.config.bind.port, '127.0.0.1', resolve)
      })
      await new Promise((resolve) => server.close(resolve))
    })

    it('leftovers of a writer that died do not stay', async () => {
      const left = join(layout().fenceFolder, `gen-${generation}`, '.state.map.1.tmp')
      writeFileSync(left, 'half a li')
      const next = (await world.edge.fence({ anchor })).generation
      expect(readdirSync(join(layout().fenceFolder, `gen-${next}`))).toEqual(['keep'])
    })
  },
)

function readQuietly(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return ''
    throw error
  }
}
