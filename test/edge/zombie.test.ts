import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Color, otherColor } from '../../src/domain/color.ts'
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

interface Scene {
  readonly prepare?: () => Promise<unknown>
  readonly topology?: (stopBefore: number) => Topology
  /** What the overtaker does with its new generation. */
  readonly meanwhile?: (generation: number) => Promise<unknown>
}

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

  /**
   * One writer after the other, stopped before its first act, its second, and so on; another takes the fence meanwhile; then it goes on. Ends
   * when a writer came to its end without a stop.
   */
  async function* everyStop(what: Order['what'], { prepare, topology, meanwhile }: Scene = {}) {
    for (let stopBefore = 1; stopBefore <= MAX_ACTS; stopBefore += 1) {
      await prepare?.()
      const { generation } = await world.edge.fence({ anchor })
      const answer = once(child, 'message').then(([outcome]) => outcome as Outcome)
      child.send({
        what,
        generation,
        stopBefore,
        topology: topology?.(stopBefore) ?? world.topology,
        color: 'green',
        anchor: { ...anchor, seq: 7 },
        sha: r((stopBefore % 14) + 1),
        operation: operationId(stopBefore),
      } satisfies Order)
      const early = await Promise.race([answer, stopped().then(() => null)])
      if (early?.code === null && early.acts.length < stopBefore) return
      if (early !== null) throw new Error(`it did not stop before act ${stopBefore}: ${early.code}`)
      const next = (await world.edge.fence({ anchor })).generation
      await meanwhile?.(next)
      const before = await seen()
      child.kill('SIGCONT')
      const outcome = await answer
      const act = outcome.acts[stopBefore - 1]
      if (act === undefined) throw new Error('it was not stopped where the test says')
      yield { outcome, before, after: await seen(), next, act }
    }
    throw new Error('it never came to its end')
  }
  const stopped = () => until(async () => / [Tt] /.test(readFileSync(`/proc/${child.pid}/stat`, 'utf8').slice(0, 60)))

  it.each(['flip', 'name', 'record'] as const)(
    '%s: refused, and nothing of it is seen',
    { timeout: 60_000 },
    async (what) => {
      const prepare = async () => {
        const { generation } = await world.edge.fence({ anchor })
        await world.edge.flip({ to: 'blue', fencedBy: generation, anchor })
        await world.edge.name({ color: 'green', sha: null, fencedBy: generation })
      }
      const refusedAt: string[] = []
      for await (const { outcome, before, after, next, act } of everyStop(what, { prepare })) {
        expect(after, `stopped before ${act}`).toEqual(before)
        expect(after.memory).toMatchObject({ generation: next, live: after.file?.live })
        expect([null, 'fenced']).toContain(outcome.code)
        // It may have done its work before the fence was taken, and slept on its way home: then it was seen already.
        const claimsFlip = what === 'flip' && outcome.code === null
        expect(claimsFlip ? before.memory?.live : 'green').toBe('green')
        if (outcome.code === 'fenced') refusedAt.push(act)
      }
      // Between the system calls of the file, and for what speaks to HAProxy also between file and memory.
      const places = ['transport.writeFileAtomic', 'writeSync', 'fsyncSync', 'renameSync']
      expect(refusedAt).toEqual(expect.arrayContaining(what === 'record' ? places : [...places, 'transport.askSocket']))
    },
  )

  it('fence: the one that took it later holds it, and traffic stays where the last one sent it', {
    timeout: 60_000,
  }, async () => {
    let [overtaken, later] = [0, 0]
    let to: Color = 'blue'
    const meanwhile = (generation: number) => {
      to = otherColor(to)
      return world.edge.flip({ to, fencedBy: generation, anchor })
    }
    for await (const { outcome, before, after, next, act } of everyStop('fence', { meanwhile })) {
      const own = outcome.generation ?? 0
      expect([null, 'fenced'], act).toContain(outcome.code)
      expect(after.memory, act).toEqual({ ...before.memory, live: to, generation: Math.max(own, next) })
      expect(after.file, act).toEqual(after.memory)
      const late = world.edge.flip({ to: otherColor(to), fencedBy: Math.min(own, next), anchor })
      await expect(late, act).rejects.toMatchObject({ code: 'fenced' })
      if (own < next) overtaken += 1
      else later += 1
    }
    expect(overtaken).toBeGreaterThan(3)
    expect(later).toBeGreaterThan(1)
  })

  it('apply: its files are refused; a reload that it had begun reads only what was written in time', {
    timeout: 120_000,
  }, async () => {
    const topology = (stopBefore: number): Topology => {
      const green = world.topology.colors.green.map((component) => ({
        ...component,
        routes: [...component.routes, { pathPrefix: `/more-${stopBefore}` }],
      }))
      return { ...world.topology, colors: { ...world.topology.colors, green } }
    }
    const refusedAt: string[] = []
    for await (const { outcome, before, after, act } of everyStop('apply', { topology })) {
      expect(after, `stopped before ${act}`).toEqual(before)
      expect([null, 'fenced'], act).toContain(outcome.code)
      expect(await world.ask()).toMatchObject({ status: 200, color: 'blue' })
      if (outcome.code === 'fenced') refusedAt.push(act)
    }
    expect(refusedAt).toEqual(expect.arrayContaining(['transport.run', 'writeSync', 'renameSync']))
  })
})
