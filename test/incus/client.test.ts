import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkAccess } from '../../src/drivers/incus/access.ts'
import { incusClient } from '../../src/drivers/incus/client.ts'
import {
  changeState,
  createInstance,
  deleteInstance,
  getInstance,
  getState,
  listInstances,
  patchInstance,
  renameInstance,
  restoreInstance,
} from '../../src/drivers/incus/instances.ts'
import { parseInstanceName, parseProjectName, parseSnapshotName } from '../../src/drivers/incus/names.ts'
import { awaitOperation, operationPath } from '../../src/drivers/incus/operations.ts'
import { accessShortcomings } from '../../src/drivers/incus/runtime/room.ts'
import { createSnapshot, deleteSnapshot, getSnapshot, listSnapshots } from '../../src/drivers/incus/snapshots.ts'
import { BUSYBOX_PORT, httpText } from './http-text.ts'
import { addressKeys, type IncusWorld, incusWorld } from './world.ts'

const world: IncusWorld = await incusWorld()
const { client } = world
const one = parseInstanceName('one')
const two = parseInstanceName('two')

beforeAll(async () => {
  await world.launch('one', 'busybox', 2, { config: { 'user.backflip.color': 'blue' } })
})
afterAll(() => world.end())

describe('instances', () => {
  it('are found by their labels, with their state, and answer at their own address', async () => {
    expect((await listInstances(client)).map(({ name }) => name)).toEqual(['one'])
    expect(await listInstances(client, { 'user.backflip.color': 'green' })).toEqual([])
    const [found] = await listInstances(client, { 'user.backflip.color': 'blue' })
    expect(found).toMatchObject({ name: 'one', status: 'Running', profiles: ['default'] })
    expect(await getState(client, one)).toMatchObject({ status: 'Running', addresses: [world.address(2)] })
    expect(await httpText(`http://${world.address(2)}:${BUSYBOX_PORT}/`)).toBe('ok\n')
    expect(await getInstance(client, two)).toBeNull()
    expect(await getState(client, two)).toBeNull()
  })

  it('are changed only as they were seen', async () => {
    const seen = await getInstance(client, one)
    await patchInstance(client, one, { config: { 'user.note': 'a' } }, seen?.etag)
    await expect(patchInstance(client, one, { config: { 'user.note': 'b' } }, seen?.etag)).rejects.toMatchObject({
      code: 'incus-changed',
      kind: 'refused',
    })
    expect((await getInstance(client, one))?.config).toMatchObject({ 'user.note': 'a', 'user.backflip.color': 'blue' })
  })

  it('are started, stopped, renamed and deleted, and each refusal has one name', async () => {
    const create = () => createInstance(client, { name: two, source: { image: 'bb' } })
    await create()
    await expect(create()).rejects.toMatchObject({ code: 'incus-exists', kind: 'refused' })
    await expect(changeState(client, two, 'stop')).rejects.toMatchObject({ code: 'incus-stopped' })
    await changeState(client, two, 'start')
    await expect(changeState(client, two, 'start')).rejects.toMatchObject({ code: 'incus-running' })
    await expect(deleteInstance(client, two)).rejects.toMatchObject({ code: 'incus-running' })
    await changeState(client, two, 'stop', { force: true })
    const three = parseInstanceName('three')
    await renameInstance(client, two, three)
    expect(await getInstance(client, two)).toBeNull()
    await deleteInstance(client, three)
    await deleteInstance(client, three)
    expect(await getInstance(client, three)).toBeNull()
  })

  it('name an image that is not there, and an address that is taken, in an error of its own', async () => {
    await expect(createInstance(client, { name: two, source: { image: 'none' } })).rejects.toMatchObject({
      code: 'incus-no-image',
      hint: expect.stringContaining('incus image list') as string,
    })
    expect(await getInstance(client, two)).toBeNull()
    const devices = {
      eth0: { type: 'nic', network: 'itbr0', name: 'eth0', 'ipv4.address': world.address(9) },
    }
    await world.launch('taken-a', 'busybox', 9, { devices })
    // Made without a word: the check comes at the start, and counts stopped instances too.
    await world.launch('taken-b', 'busybox', 9, { devices, start: false })
    await changeState(client, parseInstanceName('taken-a'), 'stop', { force: true })
    await expect(changeState(client, parseInstanceName('taken-b'), 'start')).rejects.toMatchObject({
      code: 'incus-address-taken',
    })
  })
})

describe('snapshots', () => {
  const snap = parseSnapshotName('pre-deploy-1')

  it('are listed by age, keep their expiry, refuse a taken name, and are removed once', async () => {
    await createSnapshot(client, one, snap, { expiresAt: '2099-01-01T00:00:00Z' })
    await createSnapshot(client, one, parseSnapshotName('pre-deploy-2'))
    const list = await listSnapshots(client, one)
    expect(list?.map(({ name }) => name)).toEqual(['pre-deploy-1', 'pre-deploy-2'])
    expect(list?.map(({ expiresAt }) => expiresAt)).toEqual(['2099-01-01T00:00:00Z', null])
    await expect(createSnapshot(client, one, snap)).rejects.toMatchObject({ code: 'incus-exists', kind: 'refused' })
    await deleteSnapshot(client, one, parseSnapshotName('pre-deploy-2'))
    await deleteSnapshot(client, one, parseSnapshotName('pre-deploy-2'))
    expect(await getSnapshot(client, one, parseSnapshotName('pre-deploy-2'))).toBeNull()
    expect(await listSnapshots(client, two)).toBeNull()
  })

  it('become an instance beside the first, and bring the first back', async () => {
    const clone = parseInstanceName('clone')
    const config = addressKeys(world.address(5))
    await createInstance(client, { name: clone, source: { copyOf: one, snapshot: snap }, config, start: true })
    expect(await httpText(`http://${world.address(5)}:${BUSYBOX_PORT}/`)).toBe('ok\n')
    await restoreInstance(client, one, snap)
    expect(await getState(client, one)).toMatchObject({ status: 'Running' })
    await expect(restoreInstance(client, one, parseSnapshotName('none'))).rejects.toMatchObject({
      code: 'incus-failed',
    })
    expect(await getState(client, one)).toMatchObject({ status: 'Running' })
  })

  it.each(['..', 'a/b', '-a', 'A', '', 'a'.repeat(64)])('are never called %j', (name) => {
    expect(() => parseSnapshotName(name)).toThrow(expect.objectContaining({ code: 'bad-incus-name', kind: 'usage' }))
  })
})

describe('operations', () => {
  it('that still run are late, not failed, and that are forgotten are vanished, not done', async () => {
    const body = { command: ['sleep', '30'], 'wait-for-websocket': false, interactive: false }
    const answer = await client.call({ method: 'POST', path: '/instances/one/exec', body })
    if (answer.type !== 'async') throw new Error('an exec starts an operation')
    await expect(awaitOperation(client, answer.operation, { what: 'sleep', limitMs: 500 })).rejects.toMatchObject({
      code: 'incus-timeout',
    })
    const view = await client.call({ method: 'GET', path: operationPath(answer.operation) })
    expect(view.metadata).toMatchObject({ status: 'Running' })
    const forgotten = '/1.0/operations/00000000-0000-4000-8000-000000000000'
    expect(await awaitOperation(client, forgotten, { what: 'nothing', limitMs: 500 })).toBe('vanished')
  })
})

describe('a project that is not there', () => {
  it('lists as empty, so it is looked for before that is believed', async () => {
    const elsewhere = incusClient({ place: { socket: client.where }, project: parseProjectName('none') })
    expect(await listInstances(elsewhere)).toEqual([])
    await expect(checkAccess(elsewhere)).rejects.toMatchObject({ code: 'incus-no-project' })
    expect(await accessShortcomings({ client: elsewhere })).toEqual([
      {
        message: expect.stringContaining('has no project none') as string,
        hint: expect.stringContaining('incus project create none') as string,
      },
    ])
    elsewhere.close()
    expect(await checkAccess(client)).toMatchObject({
      isClustered: false,
      version: expect.stringMatching(/^\d+\./) as string,
    })
  })
})
