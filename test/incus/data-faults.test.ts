import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { parseSnapshotName } from '../../src/domain/ids.ts'
import { incusDataService } from '../../src/drivers/incus/data/data-service.ts'
import { pushFile } from '../../src/drivers/incus/files.ts'
import {
  changeState,
  createInstance,
  getInstance,
  type Keys,
  patchInstance,
} from '../../src/drivers/incus/instances.ts'
import {
  type InstanceName,
  parseInstanceName,
  parseSnapshotName as snapshotName,
} from '../../src/drivers/incus/names.ts'
import { perform } from '../../src/drivers/incus/operations.ts'
import { getSnapshot } from '../../src/drivers/incus/snapshots.ts'
import { systemClock } from '../../src/drivers/local/clock.ts'
import type { DataService } from '../../src/ports/data-service.ts'
import { type DataWorld, operation } from '../contract/data-service.ts'
import { ensureDaemon, killDaemon, startDaemon } from './bed/daemon.ts'
import { configOf, type DataBed, LIVE, makeDataWorld, mustRun, POSTGRES, prepareTemplate } from './data-world.ts'
import { type SmallPool, smallPool } from './small-pool.ts'
import { incusWorld } from './world.ts'

const bed: DataBed = { world: await incusWorld(), kind: 'files', pool: 'btrfs' }
const { world: incus } = bed
const { client } = incus
const live = parseInstanceName(LIVE)
const before = parseSnapshotName('pre-deploy-1')

let world: DataWorld
let service: DataService

beforeAll(() => prepareTemplate(bed))
beforeEach(async () => {
  world = await makeDataWorld(bed)
  service = world.open()
})
afterEach(() => world.close())
afterAll(() => incus.end())

const take = (by = service) => by.snapshot({ name: before, expiresAt: null, stopFirst: false, fencedBy: 1 })
const copy = (as: string, n = 1) => service.copy({ snapshot: before, as, operation: operation(n), fencedBy: 1 })
const remove = (name: string, n = 1) => service.removeCopy({ name, operation: operation(n), fencedBy: 1 })
const SWAP = { copy: 'new', keepAs: 'old', operation: operation(1), fencedBy: 1 }
const swap = () => service.swap(SWAP)
const halt = (name = LIVE) => service.stop({ name, timeoutMs: 10_000, fencedBy: 1 })
const keysOf = async (name: string): Promise<Keys> => (await getInstance(client, parseInstanceName(name)))?.config ?? {}

it('names such as `..` are no snapshots and no instances, in an error that says so, and nothing is asked of Incus', async () => {
  for (const name of ['..', 'a/b', '', 'A']) {
    const bad = { code: 'bad-incus-name', kind: 'usage' }
    const nowhere = world.openNowhere()
    const snapshot = name as typeof before
    await expect(
      nowhere.snapshot({ name: snapshot, expiresAt: null, stopFirst: false, fencedBy: 1 }),
    ).rejects.toMatchObject(bad)
    await expect(nowhere.removeSnapshot({ name: snapshot, fencedBy: 1 })).rejects.toMatchObject(bad)
    await expect(nowhere.copy({ snapshot, as: 'a', operation: operation(1), fencedBy: 1 })).rejects.toMatchObject(bad)
    await expect(nowhere.start({ name, fencedBy: 1 })).rejects.toMatchObject(bad)
    await expect(nowhere.swap({ copy: name, keepAs: 'b', operation: operation(1), fencedBy: 1 })).rejects.toMatchObject(
      bad,
    )
  }
})

describe('whose an instance is', () => {
  it('somebody’s copy of one of ours is theirs, whatever its labels say', async () => {
    await take()
    await copy('beside')
    const theirs = parseInstanceName('theirs')
    await createInstance(client, { name: theirs, source: { copyOf: parseInstanceName('beside') } })
    expect((await keysOf('theirs'))['user.backflip.operation']).toBe(operation(1))
    expect((await service.look()).copies.map(({ name }) => name)).toEqual(['beside'])
    await expect(remove('theirs')).rejects.toMatchObject({ code: 'not-ours' })
    expect(await world.instances()).toContain('theirs')
  })

  it('a live one that is protected from deletion can be copied, and the copy removed; and so can what was kept, when that is ordered', async () => {
    await patchInstance(client, live, { config: { 'security.protection.delete': 'true' } })
    await take()
    await copy('new')
    await halt()
    await swap()
    expect((await keysOf(LIVE))['security.protection.delete']).toBe('true')
    expect((await keysOf('old'))['security.protection.delete']).toBe('true')
    await remove('old')
    expect(await world.instances()).toEqual([LIVE])
    await patchInstance(client, live, { config: { 'security.protection.delete': 'false' } })
  })
})

describe('a swap', () => {
  it('gives the new live one what the operator changed since the snapshot, and the hardware address that leases go by; its opposite gives both back', async () => {
    await take()
    await patchInstance(client, live, { config: { 'limits.memory': '512MiB', 'user.note': 'since' } })
    const mac = (await keysOf(LIVE))['volatile.eth0.hwaddr']
    await copy('new')
    await halt()
    await swap()
    await service.start({ name: LIVE, fencedBy: 1 })
    expect(mac).toMatch(/^[0-9a-f:]{17}$/)
    expect(await keysOf(LIVE)).toMatchObject({
      'limits.memory': '512MiB',
      'user.note': 'since',
      'volatile.eth0.hwaddr': mac,
    })
    await halt()
    await service.swapBack(SWAP)
    await service.start({ name: LIVE, fencedBy: 1 })
    expect(await keysOf(LIVE)).toMatchObject({ 'limits.memory': '512MiB', 'volatile.eth0.hwaddr': mac })
    expect((await service.look()).restoredBy).toBeNull()
  })

  it('is not done over what somebody changed meanwhile', async () => {
    await take()
    await copy('new')
    await halt()
    const meddling = incusDataService({
      client: {
        ...client,
        async call(call) {
          if (call.method === 'PUT' && call.path === `/instances/${LIVE}`)
            await patchInstance(client, live, { config: { 'user.note': 'meanwhile' } })
          return client.call(call)
        },
      },
      config: configOf(bed),
      clock: systemClock,
    })
    await expect(meddling.swap(SWAP)).rejects.toMatchObject({ code: 'incus-changed', kind: 'refused' })
    expect(await service.swapped(SWAP)).toBe('no')
    await swap()
    expect((await keysOf(LIVE))['user.note']).toBe('meanwhile')
  })
})

/** A custom volume, attached to the live instance at a path. */
async function attach(device: string, path: string, more: Keys = {}): Promise<void> {
  const volumes = '/storage-pools/fast/volumes/custom'
  const body = { name: device, content_type: 'filesystem', config: {} }
  await perform(client, { method: 'POST', path: volumes, body, limitMs: 10_000 })
  await patchInstance(client, live, {
    devices: { [device]: { type: 'disk', pool: 'fast', source: device, path, ...more } },
  })
}

async function dropVolume(device: string): Promise<void> {
  await perform(client, { method: 'DELETE', path: `/storage-pools/fast/volumes/custom/${device}`, limitMs: 10_000 })
}

describe('a volume beside the root disk', () => {
  afterEach(async () => {
    await world.close()
    for (const device of ['uploads', 'backup']) await dropVolume(device).catch(() => undefined)
  })

  it('makes a snapshot of files a lie, which is refused; read-only it is nobody’s data', async () => {
    await attach('uploads', '/srv/uploads')
    expect(await service.look()).toMatchObject({
      isAtomic: false,
      whyNotAtomic: expect.stringContaining('/srv/uploads') as string,
      reservations: [expect.stringContaining('/srv/uploads') as string],
    })
    await expect(take()).rejects.toMatchObject({ code: 'data-outside-snapshot', kind: 'refused' })
    await patchInstance(client, live, {
      devices: { uploads: { type: 'disk', pool: 'fast', source: 'uploads', path: '/srv/uploads', readonly: 'true' } },
    })
    expect(await service.look()).toMatchObject({ isAtomic: true, reservations: [] })
    await take()
  })

  it('of a database counts when its files lie on it, through whatever links; a place for backups does not, and is no part of a copy', async () => {
    const data = POSTGRES.dataFolder
    const script = `mkdir -p /srv/pg /mnt/space ${data}/pg_tblspc && ln -s /mnt/space ${data}/pg_tblspc/16400`
    await mustRun(client, live, ['sh', '-c', script])
    const config = { ...configOf({ kind: 'postgres' }) }
    const database = incusDataService({ client, config, clock: systemClock })
    await attach('backup', '/srv/backup')
    expect(await database.look()).toMatchObject({
      isAtomic: true,
      reservations: [expect.stringContaining('/srv/backup') as string],
    })
    await take(database)
    await attach('uploads', '/mnt/space')
    await expect(take(database)).rejects.toMatchObject({ code: 'data-outside-snapshot' })
    expect(await database.look()).toMatchObject({
      isAtomic: false,
      whyNotAtomic: expect.stringContaining('/mnt/space') as string,
    })
    await copy('new')
    expect((await getInstance(client, parseInstanceName('new')))?.expanded.devices.backup).toEqual({ type: 'none' })
    await halt()
    await swap()
    expect((await getInstance(client, live))?.expanded.devices.backup).toMatchObject({ path: '/srv/backup' })
    expect((await getInstance(client, parseInstanceName('old')))?.expanded.devices.backup).toEqual({ type: 'none' })
  })
})

const MIB = 1024 * 1024

describe('storage that copies files one by one', () => {
  let pool: SmallPool
  const launchSmall = async (): Promise<InstanceName> => {
    await world.close()
    const devices = { root: { type: 'disk', path: '/', pool: pool.name } }
    return incus.launch(LIVE, 'busybox', 3, { devices })
  }
  beforeAll(async () => {
    pool = await smallPool(incus, 400)
  })
  afterEach(async () => {
    await ensureDaemon(incus.bed)
    await world.close()
  })
  afterAll(() => pool.remove())
  const takeStopped = () => service.snapshot({ name: before, expiresAt: null, stopFirst: true, fencedBy: 1 })

  it('a full pool is named, the instance runs again, and nothing half-made counts', async () => {
    const name = await launchSmall()
    for (const part of [1, 2, 3]) await pushFile(client, name, `/srv/big-${part}`, Buffer.alloc(80 * MIB, part))
    const { room } = await service.look()
    expect(room?.freeBytes).toBeLessThan(240 * MIB)
    await expect(takeStopped()).rejects.toMatchObject({
      code: 'no-room',
      kind: 'failed',
      message: expect.stringContaining(pool.name) as string,
    })
    expect(await service.look()).toMatchObject({ state: 'running', snapshots: [] })
    await mustRun(client, name, ['rm', '/srv/big-1', '/srv/big-2'])
    await takeStopped()
    expect(await service.look()).toMatchObject({ state: 'running', snapshots: [{ name: before }] })
  })

  it('a daemon that is killed while it copies leaves nothing that is taken for a snapshot; the next try makes it whole', async () => {
    const name = await launchSmall()
    for (const part of [1, 2]) await pushFile(client, name, `/srv/big-${part}`, Buffer.alloc(60 * MIB, part))
    const dying = takeStopped()
    dying.catch(() => undefined)
    // The record is there before the files are.
    while ((await getSnapshot(client, name, snapshotName(before))) === null) await systemClock.sleep(5)
    await killDaemon(incus.bed)
    await expect(dying).rejects.toMatchObject({ code: expect.stringMatching(/^incus-(lost|down)$/) as string })
    await startDaemon(incus.bed)
    const half = await getSnapshot(client, name, snapshotName(before))
    expect((await service.look()).snapshots).toEqual([])
    await takeStopped()
    expect(await service.look()).toMatchObject({ state: 'running', snapshots: [{ name: before, expiresAt: null }] })
    await copy('beside')
    await changeState(client, parseInstanceName('beside'), 'start')
    const sizes = await mustRun(client, parseInstanceName('beside'), ['wc', '-c', '/srv/big-1', '/srv/big-2'])
    expect(sizes).toContain(String(120 * MIB))
    expect(half?.expiresAt).toMatch(/^2999-/)
  })
})
