import { describe, expect, it } from 'vitest'
import { exitOfEnd } from '../../src/cli/exit-codes.ts'
import { dataObject, renderDone } from '../../src/cli/render/data-end.ts'
import { renderRestore } from '../../src/cli/render/restore.ts'
import { markOf } from '../../src/operations/mark-of.ts'
import { choosePruned, prune } from '../../src/operations/prune-snapshots.ts'
import { showRestore } from '../../src/operations/restore.ts'
import { listSnapshots } from '../../src/operations/snapshots.ts'
import { recoveryPointOf } from '../../src/steps/recoveries.ts'
import { backUp } from '../fakes/recovery.ts'
import { BEFORE_2, DB, deployed, restored, Shop } from './shop.ts'

const FROM_BACKUPS = { snapshot: BEFORE_2, from: 'pgbackrest' } as const
const PLAIN = (_kind: string, text: string) => text

async function openShop(): Promise<Shop> {
  const shop = await Shop.open({ isBackedUp: true })
  shop.order(11, 17)
  return shop
}

const show = (shop: Shop) => shop.type('bob', (environment) => showRestore(environment, FROM_BACKUPS))

/** The storage removed it, and `snapshots prune` may have written that down. */
function loseSnapshots(shop: Shop): void {
  shop.store.containers.set(shop.store.instance, { ...shop.live, snapshots: new Map() })
}

function expectUntouched(shop: Shop): void {
  expect(shop.orders()).toBe(17)
  expect(shop.server).toMatchObject({ isClosed: false, isRunning: true })
  expect([...shop.server.beside.keys()]).toEqual([])
  expect(shop.names()).toEqual([shop.store.instance])
  expect(shop.world.edge.memory.live).toBe('green')
}

describe('a restore from backups', () => {
  it('shows which backup, how much log and which point, and what would be lost from that point on, exactly', async () => {
    const shop = await openShop()
    const preview = await show(shop)
    expect(preview).toMatchObject({ transactions: 7, isExact: true, expectedMs: null })
    expect(preview.target).toMatchObject({ recoveries: [{ service: 'db', backup: { label: 'backup-1F' } }] })
    const text = renderRestore(preview, shop.world.clock.stamp(), PLAIN as never).join('\n')
    expect(text).toMatch(/backup +db: backup-1F \(full\)/)
    expect(text).toMatch(/replayed +0\.0 MiB of log, up to the restore point [0-9a-f-]{36}-[0-9]+ at 0\//)
    expect(text).toContain('take a new backup')
    expectUntouched(shop)
  })

  it('goes to the point without the snapshot, keeps what was live, and is undone with nothing lost', async () => {
    const shop = await openShop()
    loseSnapshots(shop)
    const end = await shop.type('bob', restored(FROM_BACKUPS))
    expect(end, JSON.stringify(end)).toMatchObject({ outcome: 'done' })
    expect(shop.orders()).toBe(10)
    expect(shop.server.timeline).toBeGreaterThan(1)
    expect(shop.world.edge.memory.live).toBe('blue')
    expect(end.state.plan.because.join()).toContain('backup-1F')
    expect(dataObject(end.state)).toMatchObject({ lost: 7, recovered: { db: shop.server.timeline } })
    expect(renderDone(end.state, PLAIN as never).join()).toContain('take a new backup')
    const { replaced } = await shop.record()
    // Nothing that was recovered lies beside what is live, or what was.
    for (const { server } of shop.store.containers.values()) expect([...server.beside.keys()]).toEqual([])
    shop.order(18, 18)
    const undo = replaced[0]?.operation ?? end.state.plan.operation
    expect(await shop.type('bob', restored({ undo }))).toMatchObject({ outcome: 'done' })
    expect(shop.orders()).toBe(17)
    expect(shop.server).toMatchObject({ isClosed: false, isRunning: true })
  })

  it('a snapshot that is gone names the backups; one that was pruned is found in the journal', async () => {
    const shop = await openShop()
    await shop.type('ann', async (environment) => {
      const ask = { snapshot: BEFORE_2, now: environment.clock.now() }
      await prune(environment, choosePruned(await listSnapshots(environment), ask, 0), ask)
    })
    expect((await shop.record()).snapshots.map(({ snapshot }) => snapshot)).not.toContain(BEFORE_2)
    expect((await show(shop)).transactions).toBe(7)
    const pruned = shop.type('bob', (environment) => showRestore(environment, { snapshot: BEFORE_2 }))
    await expect(pruned).rejects.toMatchObject({
      code: 'no-such-snapshot',
      details: expect.arrayContaining([`when it was one: backflip restore ${BEFORE_2} --from pgbackrest`]) as unknown,
    })
    const other = await openShop()
    loseSnapshots(other)
    await expect(
      other.type('bob', (environment) => showRestore(environment, { snapshot: BEFORE_2 })),
    ).rejects.toMatchObject({ hint: `backflip restore ${BEFORE_2} --from pgbackrest` })
    const never = { snapshot: 'pre-deploy-nothing' as typeof BEFORE_2, from: 'pgbackrest' } as const
    await expect(shop.type('bob', (environment) => showRestore(environment, never))).rejects.toMatchObject({
      code: 'no-such-snapshot',
    })
  })

  it('a snapshot that is not whole names the backups, and they give the data back', async () => {
    const shop = await openShop()
    shop.live.snapshots.get(BEFORE_2)?.server.torn.add(3)
    const end = await shop.type('bob', restored({ snapshot: BEFORE_2 }))
    expect(end).toMatchObject({
      outcome: 'failed',
      error: { code: 'snapshot-not-whole', hint: `backflip restore ${BEFORE_2} --from pgbackrest` },
    })
    expectUntouched(shop)
    expect(await shop.type('bob', restored(FROM_BACKUPS))).toMatchObject({ outcome: 'done' })
    expect(shop.orders()).toBe(10)
  })

  it('a backup that was made after the deploy does not lead there', async () => {
    const shop = new Shop({ isBackedUp: true })
    await shop.type('ann', deployed(1))
    await shop.type('ann', deployed(2))
    backUp(shop.store)
    await expect(show(shop)).rejects.toMatchObject({ code: 'recovery-no-backup', kind: 'refused' })
  })

  it.each([
    ['recovery-unreachable', { repository: { isReachable: false } }],
    ['recovery-no-stanza', { repository: { backups: [] } }],
    ['recovery-not-archived', { repository: { archiving: 'fails' } }],
    ['no-room', { freeBytes: 0 }],
    ['no-recovery', { repository: null }],
  ])('%s is said before anything is changed', async (code, change) => {
    const shop = await openShop()
    const { repository, ...store } = change as Partial<Shop['store']>
    Object.assign(shop.store, store)
    if (repository === null) shop.store.repository = null
    else Object.assign(shop.store.repository ?? {}, repository)
    await expect(show(shop)).rejects.toMatchObject({ code, kind: 'refused' })
    expectUntouched(shop)
  })

  it('what fails between the look and the restore is refused before users are kept away: exit 3', async () => {
    const shop = await openShop()
    const preview = await show(shop)
    shop.store.repository?.backups.splice(0)
    const end = await shop.type('bob', async (environment) => {
      const { prepareRestore, restore } = await import('../../src/operations/restore.ts')
      const ask = { maxLost: 100, exportFolder: null, reason: 'x' }
      return restore(environment, await prepareRestore(environment, preview, ask))
    })
    expect(end).toMatchObject({ outcome: 'failed', error: { code: 'recovery-no-stanza' } })
    expect(exitOfEnd(end)).toBe(3)
    expectUntouched(shop)
    expect((await shop.record()).maintenance).toBeNull()
  })

  it('a mark of an older version has no restore point, which is said', async () => {
    const shop = await openShop()
    const { operation } = (await shop.record()).snapshots.at(-1) ?? {}
    const { point, ...older } = await markOf(shop.journal, { operation: operation ?? '', step: 'mark-data' }, DB)
    expect(point?.name).toContain(operation)
    expect(() => recoveryPointOf(older)).toThrow(expect.objectContaining({ code: 'no-restore-point' }))
  })
})
