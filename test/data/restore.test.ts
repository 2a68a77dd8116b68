import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { exitOfEnd } from '../../src/cli/exit-codes.ts'
import type { OperationId } from '../../src/domain/ids.ts'
import { showRestore } from '../../src/operations/restore.ts'
// Loaded late by the operation: here at once, because virtual time does not wait for a disk.
import '../../src/operations/write-lost-rows.ts'
import { r } from '../fakes/history.ts'
import { BEFORE_2, deployed, restored, Shop } from './shop.ts'

/** Everything as it was before a restore that did not happen. */
function expectAsBefore(shop: Shop, orders: number): void {
  expect(shop.orders()).toBe(orders)
  expect(shop.server.isClosed).toBe(false)
  expect(shop.live).toMatchObject({ isRunning: true })
  expect(shop.names()).toEqual([shop.store.instance])
  expect(shop.world.edge.memory.live).toBe('green')
}

describe('a deploy with data services', () => {
  it('takes a snapshot before it migrates, named by the release, and numbered when the name is taken', async () => {
    const shop = await Shop.open()
    expect((await shop.record()).snapshots).toMatchObject([
      { snapshot: `pre-deploy-${r(1)}`, live: null, verified: 'not-yet' },
      { snapshot: BEFORE_2, live: r(1), before: `deploy ${r(2)}` },
    ])
    const { journal } = shop
    const steps = (await journal.read({ kinds: ['step-succeeded'] })).map(({ fact }) =>
      'step' in fact ? fact.step : '',
    )
    expect(steps.indexOf('mark-data')).toBeLessThan(steps.indexOf('snapshot-data'))
    expect(steps.lastIndexOf('snapshot-data')).toBeLessThan(steps.lastIndexOf('empty-color'))
    const copy = shop.live.snapshots.get(BEFORE_2)
    expect(copy?.server.tables.get('public.orders')?.size).toBe(10)
  })

  it('is refused, nothing changed, when a snapshot would not be one moment', async () => {
    const shop = new Shop({ isAtomic: false })
    const end = await shop.type('ann', deployed(1))
    expect(end).toMatchObject({ outcome: 'failed', error: { code: 'not-atomic' } })
    expect(exitOfEnd(end)).toBe(3)
    expect(shop.live.snapshots.size).toBe(0)
  })

  it('stops the service for the snapshot where the configuration allows it, and starts it again', async () => {
    const shop = new Shop({ isAtomic: false })
    const allow = { snapshots: { keepMs: 1e9, minFreeBytes: 0, allowStop: true, verify: false, keepReplacedMs: 1e9 } }
    expect(await shop.type('ann', deployed(1), allow)).toMatchObject({ outcome: 'done' })
    expect(shop.live).toMatchObject({ isRunning: true })
    expect(shop.live.snapshots.size).toBe(1)
  })

  it('is refused when the pool has no room', async () => {
    const shop = new Shop()
    shop.store.freeBytes = 0
    const settings = { snapshots: { keepMs: 1, minFreeBytes: 1, allowStop: false, verify: false, keepReplacedMs: 1 } }
    const end = await shop.type('ann', deployed(1), settings)
    expect(end).toMatchObject({ outcome: 'failed', error: { code: 'no-room' } })
    expect(exitOfEnd(end)).toBe(3)
  })
})

describe('a restore', () => {
  it('shows what would be lost to the transaction, and changes nothing by that', async () => {
    const shop = await Shop.open()
    shop.order(11, 17)
    const preview = await shop.type('bob', (environment) => showRestore(environment, { snapshot: BEFORE_2 }))
    expect(preview).toMatchObject({ transactions: 7, bound: 'at-most', isExact: false })
    expect(preview.services[0]?.loss?.tables).toMatchObject([{ name: 'public.orders', inserted: 7 }])
    expectAsBefore(shop, 17)
  })

  it('puts the data back beside itself; what was live is kept, and the release of then gets the traffic', async () => {
    const shop = await Shop.open()
    shop.order(11, 17)
    const end = await shop.type('bob', restored({ snapshot: BEFORE_2 }))
    expect(end).toMatchObject({ outcome: 'done' })
    expect(shop.orders()).toBe(10)
    expect(shop.server).toMatchObject({ isClosed: false, isRunning: true })
    expect(shop.world.edge.memory.live).toBe('blue')
    const record = await shop.record()
    expect(record).toMatchObject({ live: { sha: r(1) }, maintenance: null, freeze: { actor: 'bob' } })
    expect(record.replaced).toMatchObject([{ service: 'db' }])
    expect(shop.names()).toEqual([shop.store.instance, record.replaced[0]?.keptAs])
    // A way back from the way back.
    expect(record.snapshots.at(-1)).toMatchObject({ before: expect.stringContaining('restore') as string })
  })

  it('is undone with nothing lost: what it had replaced is live again', async () => {
    const shop = await Shop.open()
    shop.order(11, 17)
    const { state } = await shop.type('bob', restored({ snapshot: BEFORE_2 }))
    const undo: OperationId = state.plan.operation
    expect(await shop.type('bob', restored({ undo }))).toMatchObject({ outcome: 'done' })
    expect(shop.orders()).toBe(17)
    expect(shop.server).toMatchObject({ isClosed: false, isRunning: true })
    const record = await shop.record()
    expect(record.replaced).toHaveLength(1)
    expect(record.maintenance).toBeNull()
  })

  it('never gives a timeline’s number away twice: an archive has the log of the first one under it', async () => {
    const shop = await Shop.open()
    const { state } = await shop.type('bob', restored({ snapshot: BEFORE_2 }))
    const timelines = [shop.server.timeline]
    await shop.type('bob', restored({ undo: state.plan.operation }))
    timelines.push(shop.server.timeline)
    await shop.type('bob', restored({ snapshot: BEFORE_2 }))
    timelines.push(shop.server.timeline)
    expect(timelines).toEqual([2, 1, 3])
  })

  it('opens everything again as it was when more would be lost than a person agreed to: exit 3', async () => {
    const shop = await Shop.open()
    shop.order(11, 17)
    const end = await shop.type('bob', restored({ snapshot: BEFORE_2 }, { maxLost: 6 }))
    expect(end).toMatchObject({ outcome: 'failed', error: { code: 'more-would-be-lost' } })
    expect(exitOfEnd(end)).toBe(3)
    expectAsBefore(shop, 17)
  })

  it('does not take the place of live data with a copy that is not whole', async () => {
    const shop = await Shop.open()
    shop.live.snapshots.get(BEFORE_2)?.server.torn.add(3)
    shop.order(11, 12)
    const end = await shop.type('bob', restored({ snapshot: BEFORE_2 }))
    expect(end).toMatchObject({ outcome: 'failed', error: { code: 'snapshot-not-whole' } })
    expect(exitOfEnd(end)).toBe(1)
    expectAsBefore(shop, 12)
  })

  it('writes down the rows that would be lost, and only those', async () => {
    const shop = await Shop.open()
    shop.order(11, 13)
    const folder = mkdtempSync(join(tmpdir(), 'backflip-lost-'))
    try {
      await shop.type('bob', restored({ snapshot: BEFORE_2 }, { exportFolder: folder }))
      expect(readdirSync(folder)).toEqual(['db.public.orders.csv'])
      const lines = readFileSync(join(folder, 'db.public.orders.csv'), 'utf8').trimEnd().split('\n')
      expect(lines[0]).toBe('id,what')
      expect(lines.slice(1).toSorted()).toEqual(['11,order 11', '12,order 12', '13,order 13'])
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('refuses a snapshot that nobody took here, and one that its storage has lost', async () => {
    const shop = await Shop.open()
    const show = (snapshot: string) =>
      shop.type('bob', (environment) => showRestore(environment, { snapshot: snapshot as typeof BEFORE_2 }))
    await expect(show('pre-deploy-nothing')).rejects.toMatchObject({ code: 'no-such-snapshot', kind: 'refused' })
    shop.store.containers.set(shop.store.instance, { ...shop.live, snapshots: new Map() })
    await expect(show(BEFORE_2)).rejects.toMatchObject({ code: 'no-such-snapshot' })
  })
})
