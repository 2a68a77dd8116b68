import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { COLORS } from '../../src/domain/color.ts'
import { parseJournalId } from '../../src/domain/ids.ts'
import { until } from '../edge/world.ts'
import { ensureDaemon, killDaemon, startDaemon } from './bed/daemon.ts'
import { type ContainerEdge, containerEdge } from './edge-world.ts'
import { httpText } from './http-text.ts'

const anchor = { journal: parseJournalId('00000000-0000-7000-8000-00000000000a'), seq: 1, hash: '0'.repeat(64) }
const world: ContainerEdge = await containerEdge()
const ways = [
  ['through the daemon alone', world.inside],
  ['with a shared folder', world.shared],
] as const

afterAll(() => world.close())

const served = async () => (await httpText(world.config.publicUrl)).trim()

describe.each(ways)('an edge in a container, %s', (_name, transport) => {
  const edge = world.edgeBy(transport)

  it('takes our file into what the operator runs, flips, and agrees with itself', async () => {
    const { generation } = await edge.fence({ anchor })
    await edge.apply({ topology: world.topology, fencedBy: generation })
    await until(async () => {
      const { servers } = await edge.read()
      return COLORS.every((color) => servers[color].length > 0 && servers[color].every(({ up }) => up > 0))
    })
    for (const to of ['blue', 'green', 'blue'] as const) {
      await edge.flip({ to, fencedBy: generation, anchor })
      expect(await served()).toContain(to)
      const view = await edge.read()
      expect({ memory: view.memory?.live, file: view.file?.live }).toEqual({ memory: to, file: to })
    }
  })

  it('I7: refuses a writer of an older generation, in files and in memory', async () => {
    const old = (await edge.fence({ anchor })).generation
    const { generation } = await edge.fence({ anchor })
    await expect(edge.flip({ to: 'green', fencedBy: old, anchor })).rejects.toMatchObject({ code: 'fenced' })
    expect(await served()).toContain('blue')
    await edge.flip({ to: 'green', fencedBy: generation, anchor })
    expect(await served()).toContain('green')
    await edge.flip({ to: 'blue', fencedBy: generation, anchor })
  })
})

describe('doctor, of an edge in a container', () => {
  it('finds nothing when all is well, by either way, and what is missing on the one that needs it', async () => {
    const [inside, shared] = [await world.composed('inside'), await world.composed('shared')]
    expect(await inside.shortcomings()).toEqual([])
    expect(await shared.shortcomings()).toEqual([])
    await world.inside.rename('/usr/bin/socat', '/usr/bin/socat-away')
    expect(await inside.shortcomings()).toEqual([
      { message: 'edge has no socat', hint: expect.stringContaining('share a folder') as string },
    ])
    expect(await shared.shortcomings()).toEqual([])
    await world.inside.rename('/usr/bin/socat-away', '/usr/bin/socat')
    expect(await inside.shortcomings()).toEqual([])
  })
})

describe('I1: when the daemon is dead', () => {
  afterEach(() => ensureDaemon(world.incus.bed))

  it('traffic stays where it is, the edge is unknown rather than down, and a flip goes on afterwards', async () => {
    const edge = world.edgeBy(world.inside)
    const { generation } = await edge.fence({ anchor })
    await killDaemon(world.incus.bed)
    await expect((await world.composed('shared')).shortcomings()).rejects.toMatchObject({ code: 'incus-down' })
    await expect(edge.read()).rejects.toMatchObject({
      code: expect.stringMatching(/^(edge-unknown|incus-down)$/) as string,
    })
    await expect(edge.flip({ to: 'green', fencedBy: generation, anchor })).rejects.toMatchObject({
      code: expect.stringMatching(/^(edge-unknown|incus-down)$/) as string,
    })
    expect(await served()).toContain('blue')
    await startDaemon(world.incus.bed)
    await edge.flip({ to: 'green', fencedBy: generation, anchor })
    expect(await served()).toContain('green')
  })
})
