import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { BackflipError } from '../../src/domain/errors.ts'
import { type OperationId, parseOperationId, parseSnapshotName } from '../../src/domain/ids.ts'
import type { DataService } from '../../src/ports/data-service.ts'
import type { DatabaseMark } from '../../src/ports/database.ts'

/** The end of a process at its n-th change of the world, counted from 1: every later call of it fails too. */
export interface Death {
  readonly at: number
  readonly side: 'before' | 'after'
  reached: boolean
}

/** A data service with one live instance that runs, and what the suite needs to look at it from outside. */
export interface DataWorld {
  /** Of `files`: the same suite, without a mark. */
  readonly kind: DataService['kind']
  readonly isAtomic: boolean
  /** A fresh handle, as a new command would have it. */
  open(death?: Death): DataService
  /** A handle on a place where nobody answers. */
  openNowhere(): DataService
  /** The app writes one record, durably, to the live instance. */
  write(id: number): Promise<void>
  /** The records of an instance that runs, in order. */
  read(instance: string): Promise<readonly number[]>
  /** What the instance has besides its data. `address`: null without a network. */
  seat(instance: string): Promise<{ readonly address: string | null; readonly startsAtBoot: boolean }>
  /** An instance that somebody else made; it runs. */
  addStranger(name: string): Promise<void>
  /** Names of all instances, sorted. */
  instances(): Promise<readonly string[]>
  close(): Promise<void>
}

/** Operations in the order of their making. */
export function operation(n: number): OperationId {
  return parseOperationId(`01890000-0000-7000-8000-${String(n).padStart(12, '0')}`)
}

const before = parseSnapshotName('pre-deploy-1')
const later = parseSnapshotName('pre-deploy-2')
const missing = parseSnapshotName('none')
const EXPIRES = '2099-01-01T00:00:00Z'
const SIDES = ['before', 'after'] as const
/** More than any of them makes. */
const MAX_CHANGES = 20

/** What storage must do for snapshots that can be trusted and restores that can be undone. */
export function dataServiceContract(name: string, make: () => Promise<DataWorld>): void {
  describe(`${name} is a data service`, () => {
    let world: DataWorld
    let service: DataService
    beforeEach(async () => {
      world = await make()
      service = world.open()
    })
    afterEach(() => world.close())

    const take = (snapshot = before, by = service) =>
      by.snapshot({ name: snapshot, expiresAt: EXPIRES, stopFirst: !world.isAtomic, fencedBy: 1 })
    const copy = (as: string, n: number, snapshot = before, by = service) =>
      by.copy({ snapshot, as, operation: operation(n), fencedBy: 1 })
    const start = (instance: string) => service.start({ name: instance, fencedBy: 1 })
    const stop = (instance: string) => service.stop({ name: instance, timeoutMs: 10_000, fencedBy: 1 })
    const swap = (from: string, keepAs: string, n: number, by = service) =>
      by.swap({ copy: from, keepAs, operation: operation(n), fencedBy: 1 })
    const swapBack = (from: string, keepAs: string, n: number, by = service) =>
      by.swapBack({ copy: from, keepAs, operation: operation(n), fencedBy: 1 })
    const records = async (instance: string) => {
      await start(instance)
      return world.read(instance)
    }
    /** Record 1 is in the snapshot, record 2 is not; both instances are stopped. */
    const readyToSwap = async () => {
      await world.write(1)
      await take()
      await world.write(2)
      await copy('new', 1)
      await stop(service.instance)
    }
    /** Runs `work` until it gets through, each time one change further; `then` after each death. */
    const dieEverywhere = async (
      work: (mortal: DataService) => Promise<unknown>,
      then: (death: Death) => Promise<void>,
    ): Promise<number> => {
      let deaths = 0
      for (let at = 1; at <= MAX_CHANGES; at += 1) {
        for (const side of SIDES) {
          const death: Death = { at, side, reached: false }
          await work(world.open(death)).catch((error: unknown) => {
            if (!death.reached) throw error
          })
          if (!death.reached) return deaths
          deaths += 1
          await then(death)
        }
      }
      throw new Error(`more than ${MAX_CHANGES} changes`)
    }

    it('says what is there, and changes nothing by looking', async () => {
      const look = await service.look()
      expect(look).toMatchObject({ state: 'running', restoredBy: null, snapshots: [], copies: [] })
      expect(look.isAtomic).toBe(world.isAtomic)
      expect(look.whyNotAtomic === null).toBe(world.isAtomic)
      expect(look.room?.freeBytes).toBeGreaterThan(0)
      expect(look.room?.totalBytes).toBeGreaterThanOrEqual(look.room?.freeBytes ?? 0)
      expect(await service.look()).toMatchObject({ state: 'running', snapshots: [], copies: [] })
      expect(service.database() === null).toBe(world.kind === 'files')
    })

    it('says that it does not know when nobody answers', async () => {
      await expect(world.openNowhere().look()).rejects.toMatchObject({ code: 'data-unknown', kind: 'person' })
    })

    it('a snapshot is listed with its end, once, however often it is asked for; and is removed once', async () => {
      const first = await take()
      expect(first).toMatchObject({ name: before, instance: service.instance, expiresAt: EXPIRES })
      expect(await take()).toEqual(first)
      await service.snapshot({ name: later, expiresAt: null, stopFirst: !world.isAtomic, fencedBy: 1 })
      const { snapshots, state } = await service.look()
      expect(snapshots.map((one) => [one.name, one.expiresAt])).toEqual([
        [before, EXPIRES],
        [later, null],
      ])
      expect(state).toBe('running')
      await service.removeSnapshot({ name: before, fencedBy: 1 })
      await service.removeSnapshot({ name: before, fencedBy: 1 })
      expect((await service.look()).snapshots.map((one) => one.name)).toEqual([later])
    })

    it('storage that copies files one by one takes no snapshot of what runs, unless it may be stopped', async () => {
      const ask = { name: before, expiresAt: null, fencedBy: 1 }
      const end = await service.snapshot({ ...ask, stopFirst: false }).then(
        () => 'taken',
        (error: unknown) => (error instanceof BackflipError ? `${error.code}, ${error.kind}` : error),
      )
      expect(end).toBe(world.isAtomic ? 'taken' : 'not-atomic, refused')
      const { state, snapshots } = await service.look()
      expect([state, snapshots.length]).toEqual(['running', world.isAtomic ? 1 : 0])
      await stop(service.instance)
      await service.snapshot({ ...ask, stopFirst: true })
      expect(await service.look()).toMatchObject({ state: 'stopped', snapshots: [{ name: before }] })
    })

    it('a copy has what was written before the snapshot and nothing later; it has no network and does not start by itself', async () => {
      await world.write(1)
      await take()
      await world.write(2)
      const seat = await world.seat(service.instance)
      await copy('beside', 1)
      await copy('beside', 1)
      expect(await world.seat('beside')).toEqual({ address: null, startsAtBoot: false })
      expect(await world.seat(service.instance)).toEqual(seat)
      expect((await service.look()).copies).toMatchObject([
        { name: 'beside', role: 'copy', operation: operation(1), state: 'stopped' },
      ])
      expect(await records('beside')).toEqual([1])
      expect(await world.read(service.instance)).toEqual([1, 2])
      await service.removeCopy({ name: 'beside', operation: operation(1), fencedBy: 1 })
      await service.removeCopy({ name: 'beside', operation: operation(1), fencedBy: 1 })
      expect(await world.instances()).toEqual([service.instance])
    })

    it('a copy outlives the snapshot that it was made from', async () => {
      await world.write(1)
      await take()
      await copy('beside', 1)
      await service.removeSnapshot({ name: before, fencedBy: 1 })
      expect(await records('beside')).toEqual([1])
    })

    it('a snapshot that is not there is refused, and nothing is made', async () => {
      await expect(copy('beside', 1, missing)).rejects.toMatchObject({ code: 'no-such-snapshot', kind: 'refused' })
      expect(await world.instances()).toEqual([service.instance])
    })

    it('an instance that is not ours is never started, stopped, replaced or removed, nor is another operation’s', async () => {
      await take()
      await world.addStranger('stranger')
      await copy('beside', 1)
      const notOurs = { code: 'not-ours', kind: 'refused' }
      const remove = (which: string, n: number) =>
        service.removeCopy({ name: which, operation: operation(n), fencedBy: 1 })
      await expect(start('stranger')).rejects.toMatchObject(notOurs)
      await expect(stop('stranger')).rejects.toMatchObject(notOurs)
      await expect(copy('stranger', 1)).rejects.toMatchObject(notOurs)
      await expect(remove('stranger', 1)).rejects.toMatchObject(notOurs)
      await expect(remove('beside', 2)).rejects.toMatchObject(notOurs)
      await expect(copy('beside', 2)).rejects.toMatchObject(notOurs)
      await expect(remove(service.instance, 1)).rejects.toMatchObject(notOurs)
      await stop(service.instance)
      await expect(swap('stranger', 'old', 1)).rejects.toMatchObject(notOurs)
      await expect(swap('beside', 'stranger', 1)).rejects.toMatchObject(notOurs)
      expect(await world.instances()).toEqual(['beside', service.instance, 'stranger'].sort())
    })

    it('starting what runs and stopping what stands is fine', async () => {
      await start(service.instance)
      await stop(service.instance)
      await stop(service.instance)
      expect((await service.look()).state).toBe('stopped')
      await start(service.instance)
      expect((await service.look()).state).toBe('running')
    })

    it('a swap puts the copy in the place of the live one, with its network and its start at boot; the old one is kept with its snapshots', async () => {
      const seat = await world.seat(service.instance)
      await readyToSwap()
      expect(await service.swapped({ copy: 'new', keepAs: 'old' })).toBe('no')
      await swap('new', 'old', 1)
      await swap('new', 'old', 1)
      expect(await service.swapped({ copy: 'new', keepAs: 'old' })).toBe('yes')
      expect(await service.look()).toMatchObject({
        state: 'stopped',
        restoredBy: operation(1),
        copies: [{ name: 'old', role: 'kept', operation: operation(1), state: 'stopped' }],
        snapshots: [{ name: before, instance: 'old' }],
      })
      expect(await world.seat('old')).toEqual({ address: null, startsAtBoot: false })
      // Starts at the address of the one that is kept: that one must not stand in its way.
      expect(await records(service.instance)).toEqual([1])
      expect(await world.seat(service.instance)).toEqual(seat)
      expect(await records('old')).toEqual([1, 2])
    })

    it('a restore is undone by a swap with what it kept, and the undo by another', async () => {
      const seat = await world.seat(service.instance)
      await readyToSwap()
      await swap('new', 'old', 1)
      await start(service.instance)
      await world.write(3)
      await stop(service.instance)
      await swap('old', 'undone', 2)
      expect(await service.look()).toMatchObject({
        restoredBy: operation(2),
        copies: [{ name: 'undone', role: 'kept', operation: operation(2) }],
        snapshots: [{ name: before, instance: service.instance }],
      })
      expect(await records(service.instance)).toEqual([1, 2])
      expect(await world.seat(service.instance)).toEqual(seat)
      await stop(service.instance)
      await swap('undone', 'again', 3)
      expect(await records(service.instance)).toEqual([1, 3])
      expect(await world.seat(service.instance)).toEqual(seat)
    })

    it('after a restore the next snapshot, and an older one, can be restored again', async () => {
      await readyToSwap()
      await swap('new', 'old', 1)
      await start(service.instance)
      await world.write(3)
      await take(later)
      await copy('newer', 2, later)
      expect(await records('newer')).toEqual([1, 3])
      await stop('newer')
      await stop(service.instance)
      await swap('newer', 'old-2', 2)
      await copy('oldest', 3)
      expect(await records('oldest')).toEqual([1])
      const { copies, snapshots } = await service.look()
      expect(copies.map((one) => [one.name, one.role])).toEqual([
        ['old', 'kept'],
        ['old-2', 'kept'],
        ['oldest', 'copy'],
      ])
      expect(snapshots.map((one) => one.instance)).toEqual(['old', 'old-2'])
      await service.removeCopy({ name: 'old', operation: operation(1), fencedBy: 1 })
      expect((await service.look()).snapshots.map((one) => one.name)).toEqual([later])
    })

    it('nothing that runs is swapped', async () => {
      await take()
      await copy('new', 1)
      await expect(swap('new', 'old', 1)).rejects.toMatchObject({ code: 'still-running', kind: 'refused' })
      expect(await service.swapped({ copy: 'new', keepAs: 'old' })).toBe('no')
      await stop(service.instance)
      await expect(swap('none', 'old', 1)).rejects.toMatchObject({ code: 'swap-impossible', kind: 'refused' })
    })

    it('I5: a swap that died at any change is finished by the next, or taken back', async () => {
      await readyToSwap()
      const seat = await world.seat(service.instance)
      const stood = new Set<string>()
      const deaths = await dieEverywhere(
        (mortal) => swap('new', 'old', 1, mortal),
        async (death) => {
          stood.add(await service.swapped({ copy: 'new', keepAs: 'old' }))
          await swap('new', 'old', 1)
          expect(await service.look()).toMatchObject({ restoredBy: operation(1), copies: [{ name: 'old' }] })
          expect(await world.seat(service.instance)).toEqual(seat)
          await swapBack('new', 'old', 1)
          expect(await service.swapped({ copy: 'new', keepAs: 'old' })).toBe('no')
          expect(await service.look()).toMatchObject({ restoredBy: null, copies: [{ name: 'new', role: 'copy' }] })
          expect(await world.seat(service.instance)).toEqual(seat)
          expect(await world.seat('new')).toEqual({ address: null, startsAtBoot: false })
          await swap('new', 'old', 1, world.open({ ...death })).catch(() => undefined)
          await swapBack('new', 'old', 1)
          expect(await service.look()).toMatchObject({ restoredBy: null, copies: [{ name: 'new', role: 'copy' }] })
          expect(await world.seat(service.instance)).toEqual(seat)
        },
      )
      expect(deaths).toBeGreaterThanOrEqual(8)
      expect(stood).toContain('half')
      expect(await service.swapped({ copy: 'new', keepAs: 'old' })).toBe('yes')
      const back = await dieEverywhere(
        (mortal) => swapBack('new', 'old', 1, mortal),
        async () => {
          await swapBack('new', 'old', 1)
          expect(await world.seat(service.instance)).toEqual(seat)
          await swap('new', 'old', 1)
        },
      )
      expect(back).toBeGreaterThanOrEqual(8)
      expect(await records(service.instance)).toEqual([1, 2])
      expect(await records('new')).toEqual([1])
    })

    it('what is on its way to be live is not removed, whoever made it', async () => {
      await readyToSwap()
      const remove = () => service.removeCopy({ name: 'new', operation: operation(1), fencedBy: 1 })
      const death: Death = { at: 4, side: 'before', reached: false }
      await expect(swap('new', 'old', 1, world.open(death))).rejects.toThrow('dead')
      expect(death.reached).toBe(true)
      await expect(remove()).rejects.toMatchObject({ code: 'not-ours' })
      await swapBack('new', 'old', 1)
      await remove()
      expect(await world.instances()).toEqual([service.instance])
    })

    it('I5: a snapshot that died at any change is there once after the next try, and what was stopped for it runs', async () => {
      await world.write(1)
      const deaths = await dieEverywhere(
        (mortal) => mortal.snapshot({ name: before, expiresAt: EXPIRES, stopFirst: true, fencedBy: 1 }),
        async () => {
          await service.snapshot({ name: before, expiresAt: EXPIRES, stopFirst: true, fencedBy: 1 })
          expect(await service.look()).toMatchObject({ state: 'running', snapshots: [{ name: before }] })
          await service.removeSnapshot({ name: before, fencedBy: 1 })
          expect(await service.look()).toMatchObject({ state: 'running', snapshots: [] })
        },
      )
      expect(deaths).toBeGreaterThanOrEqual(3)
      await copy('beside', 1)
      expect(await records('beside')).toEqual([1])
    })

    it('I5: a snapshot that is given up half way leaves nothing behind, and what was stopped for it runs', async () => {
      const deaths = await dieEverywhere(
        (mortal) => mortal.snapshot({ name: before, expiresAt: EXPIRES, stopFirst: true, fencedBy: 1 }),
        async () => {
          await service.removeSnapshot({ name: before, fencedBy: 1 })
          expect(await service.look()).toMatchObject({ state: 'running', snapshots: [] })
        },
      )
      expect(deaths).toBeGreaterThanOrEqual(3)
    })

    it('I5: a copy that died at any change is whole after the next try', async () => {
      await world.write(1)
      await take()
      const remove = () => service.removeCopy({ name: 'beside', operation: operation(1), fencedBy: 1 })
      const deaths = await dieEverywhere(
        (mortal) => copy('beside', 1, before, mortal),
        async () => {
          await copy('beside', 1)
          await remove()
          expect(await world.instances()).toEqual([service.instance])
        },
      )
      expect(deaths).toBeGreaterThanOrEqual(2)
      expect(await records('beside')).toEqual([1])
    })

    it('I7: a smaller generation changes nothing any more; a copy of one’s own needs none, and anything else does', async () => {
      await readyToSwap()
      await service.fence(2)
      await service.fence(2)
      const late = { code: 'fenced', kind: 'held' }
      await expect(service.fence(1)).rejects.toMatchObject(late)
      await expect(take(later)).rejects.toMatchObject(late)
      await expect(service.removeSnapshot({ name: before, fencedBy: 1 })).rejects.toMatchObject(late)
      await expect(copy('beside', 1)).rejects.toMatchObject(late)
      await expect(start(service.instance)).rejects.toMatchObject(late)
      await expect(stop('new')).rejects.toMatchObject(late)
      await expect(swap('new', 'old', 1)).rejects.toMatchObject(late)
      await expect(swapBack('new', 'old', 1)).rejects.toMatchObject(late)
      await expect(service.removeCopy({ name: 'new', operation: operation(1), fencedBy: 1 })).rejects.toMatchObject(
        late,
      )
      expect(await world.instances()).toEqual([service.instance, 'new'].sort())
      await expect(service.start({ name: service.instance, fencedBy: null })).rejects.toMatchObject({
        code: 'not-ours',
      })
      await service.copy({ snapshot: before, as: 'free', operation: operation(9), fencedBy: null })
      await service.start({ name: 'free', fencedBy: null })
      await service.stop({ name: 'free', timeoutMs: 10_000, fencedBy: null })
      await service.removeCopy({ name: 'free', operation: operation(9), fencedBy: null })
      await service.start({ name: service.instance, fencedBy: 2 })
      expect(await service.look()).toMatchObject({ state: 'running', snapshots: [{ name: before }] })
    })

    it('a snapshot is proved on a copy of its own, of which nothing is left', async () => {
      await world.write(1)
      const mark = await markOf(service)
      await take()
      await world.write(2)
      const ask = { snapshot: before, as: 'proof', operation: operation(1), mark, fencedBy: null }
      const { isVerified, checks } = await service.verifySnapshot(ask)
      expect(isVerified, JSON.stringify(checks)).toBe(true)
      expect(await world.instances()).toEqual([service.instance])
      await expect(service.verifySnapshot({ ...ask, snapshot: missing })).rejects.toMatchObject({
        code: 'no-such-snapshot',
      })
      expect(await service.look()).toMatchObject({ state: 'running', copies: [] })
    })

    it('a copy that is to stay is proved and stopped; of another moment than the mark’s it is bad, which is no error', async () => {
      await take()
      await world.write(1)
      await copy('beside', 1)
      const mark = await markOf(service)
      const { isVerified } = await service.verifyCopy({ name: 'beside', mark, forkAbove: 1, fencedBy: 1 })
      expect(isVerified).toBe(world.kind === 'files')
      expect((await service.look()).copies).toMatchObject([{ name: 'beside', state: 'stopped' }])
    })

    it('a copy that is to become live has a log of its own once it is proved', async () => {
      const mark = await markOf(service)
      await take()
      await copy('beside', 1)
      expect(await service.verifyCopy({ name: 'beside', mark, forkAbove: 1, fencedBy: 1 })).toMatchObject({
        isVerified: true,
      })
      await stop(service.instance)
      await swap('beside', 'old', 1)
      await start(service.instance)
      await service.database()?.waitUntilReady(30_000)
      const timeline = (await service.database()?.facts())?.timeline ?? null
      expect(timeline).toBe(mark === null ? null : mark.facts.timeline + 1)
    })
  })
}

async function markOf(service: DataService): Promise<DatabaseMark | null> {
  return (await service.database()?.mark('pre-deploy-1')) ?? null
}
