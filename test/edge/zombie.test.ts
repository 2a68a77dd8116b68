import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { otherColor } from '../../src/domain/color.ts'
import { parseJournalId } from '../../src/domain/ids.ts'
import type { Topology } from '../../src/domain/topology.ts'
import { operationId, r } from '../fakes/history.ts'
import { haproxies } from './haproxies.ts'
import { type HaproxyWorld, haproxyWorld, until } from './world.ts'
import type { Order, Outcome } from './zombie.ts'

const PROGRAM = fileURLToPath(new URL('./zombie.ts', import.meta.url))
const anchor = { journal: parseJournalId('00000000-0000-7000-8000-00000000000a'), seq: 1, hash: '0'.repeat(64) }
const MAX_ACTS = 80
/** Everything the edge keeps on the disk, but the fence itself and what names processes. */
const FILES = ['state.map', 'names.map', 'haproxy.cfg', 'active-color', 'active-color.history']

describe.each(haproxies())('$name: I7, a writer that was stopped before any of its acts', ({ binary }) => {
  let world: HaproxyWorld
  let child: ChildProcess

  beforeEach(async () => {
    world = await haproxyWorld(binary)
    await world.edge.start(world.topology)
    const { generation } = await world.edge.fence({ anchor })
    await world.setUp('blue', true)
    await world.setUp('green', true)
    await world.edge.flip({ to: 'blue', fencedBy: generation, anchor })
    child = fork(PROGRAM, [JSON.stringify(world.config)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    await once(child, 'message')
  })
  afterEach(async () => {
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
    await world.close()
  })

  const seen = async () => {
    const { memory, file, releases, servers } = await world.edge.read()
    return { memory, file, releases, components: Object.values(servers).flat().length, disk: FILES.map(readIfThere) }
  }
  const readIfThere = (name: string) => {
    try {
      return readFileSync(join(world.folder, name), 'utf8')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
      throw error
    }
  }

  /** One writer, stopped before act `stopBefore`; meanwhile another takes the fence; then it goes on. Null: it had no such act. */
  async function overtake(
    order: Omit<Order, 'generation'>,
    meanwhile = async (_generation: number) => undefined as unknown,
  ) {
    const { generation } = await world.edge.fence({ anchor })
    const answer = once(child, 'message').then(([outcome]) => outcome as Outcome)
    child.send({ ...order, generation } satisfies Order)
    const early = await Promise.race([answer, stopped().then(() => null)])
    if (early !== null) return { finished: early }
    const next = (await world.edge.fence({ anchor })).generation
    await meanwhile(next)
    const before = await seen()
    child.kill('SIGCONT')
    return { outcome: await answer, before, after: await seen(), next }
  }
  const stopped = () =>
    until(
      async () =>
        child.exitCode !== null || / [Tt] /.test(readFileSync(`/proc/${child.pid}/stat`, 'utf8').slice(0, 60)),
    )

  const orderOf = (what: Order['what'], stopBefore: number, topology: Topology): Omit<Order, 'generation'> => ({
    what,
    stopBefore,
    topology,
    color: 'green',
    anchor: { ...anchor, seq: 7 },
    sha: r((stopBefore % 14) + 1),
    operation: operationId(stopBefore),
  })

  it.each(['flip', 'name', 'record'] as const)(
    '%s: refused, and nothing of it is seen',
    { timeout: 60_000 },
    async (what) => {
      const refusedAt: string[] = []
      for (let stopBefore = 1; stopBefore <= MAX_ACTS; stopBefore += 1) {
        const back = (await world.edge.fence({ anchor })).generation
        await world.edge.flip({ to: 'blue', fencedBy: back, anchor })
        await world.edge.name({ color: 'green', sha: null, fencedBy: back })
        const told = await overtake(orderOf(what, stopBefore, world.topology))
        if (told.finished !== undefined) {
          expect(told.finished.code).toBeNull()
          expect(told.finished.acts.length).toBe(stopBefore - 1)
          break
        }
        const { outcome, before, after, next } = told
        expect(outcome.acts.length, 'it was stopped where the test says').toBeGreaterThanOrEqual(stopBefore)
        expect(after, `stopped before ${outcome.acts[stopBefore - 1]}`).toEqual(before)
        expect(after.memory).toMatchObject({ generation: next, live: after.file?.live })
        // It may have done its work before the fence was taken, and slept on its way home; then it says so and changes no more.
        if (outcome.code === null) expect(what === 'flip' ? before.memory?.live : 'green').toBe('green')
        else expect(outcome.code).toBe('fenced')
        if (outcome.code === 'fenced') refusedAt.push(outcome.acts[stopBefore - 1] ?? '')
        if (stopBefore === MAX_ACTS) throw new Error('it never came to its end')
      }
      // Between the system calls of the file, and for what speaks to HAProxy also between file and memory.
      expect(refusedAt).toEqual(
        expect.arrayContaining(['transport.writeFileAtomic', 'writeSync', 'fsyncSync', 'renameSync']),
      )
      if (what !== 'record') expect(refusedAt).toContain('transport.askSocket')
    },
  )

  it('fence: the one that took it later holds it, and traffic stays where the last one sent it', {
    timeout: 60_000,
  }, async () => {
    let [overtaken, later] = [0, 0]
    for (let stopBefore = 1; stopBefore <= MAX_ACTS; stopBefore += 1) {
      const live = (await world.edge.read()).memory?.live
      const to = live === 'green' ? 'blue' : 'green'
      const told = await overtake(orderOf('fence', stopBefore, world.topology), (next) =>
        world.edge.flip({ to, fencedBy: next, anchor }),
      )
      if (told.finished !== undefined) {
        expect(told.finished.code).toBeNull()
        break
      }
      const { outcome, before, after, next } = told
      const own = outcome.generation ?? 0
      const where = `stopped before ${outcome.acts[stopBefore - 1]}`
      expect(after.memory, where).toEqual({ ...before.memory, live: to, generation: Math.max(own, next) })
      expect(after.file, where).toEqual(after.memory)
      if (outcome.code !== null) expect(outcome.code, where).toBe('fenced')
      if (own < next) overtaken += 1
      else later += 1
      const stale = Math.min(own, next)
      const late = world.edge.flip({ to: otherColor(to), fencedBy: stale, anchor })
      await expect(late, where).rejects.toMatchObject({ code: 'fenced' })
    }
    expect(overtaken).toBeGreaterThan(3)
    expect(later).toBeGreaterThan(1)
  })

  it('apply: its files are refused; a reload that it had begun reads only what was written in time', {
    timeout: 120_000,
  }, async () => {
    let refused = 0
    for (let stopBefore = 1; stopBefore <= MAX_ACTS; stopBefore += 1) {
      const [component] = world.topology.colors.green
      if (component === undefined) throw new Error('no component')
      const green = [{ ...component, routes: [...component.routes, { pathPrefix: `/more-${stopBefore}` }] }]
      const topology = { ...world.topology, colors: { ...world.topology.colors, green } }
      const told = await overtake(orderOf('apply', stopBefore, topology))
      if (told.finished !== undefined) {
        expect(told.finished.code).toBeNull()
        break
      }
      const { outcome, before, after } = told
      expect(after, `stopped before ${outcome.acts[stopBefore - 1]}`).toEqual(before)
      expect(await world.ask()).toMatchObject({ status: 200, color: 'blue' })
      if (outcome.code === 'fenced') refused += 1
      else expect(outcome.code, `stopped before ${outcome.acts[stopBefore - 1]}`).toBeNull()
    }
    expect(refused).toBeGreaterThan(5)
  })
})
