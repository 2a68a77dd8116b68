import { BackflipError, refusal } from '../../src/domain/errors.ts'
import type { DataServiceName, SnapshotName } from '../../src/domain/ids.ts'
import { whereSwapStands } from '../../src/drivers/incus/data/plan-swap.ts'
import { verifyCopy, verifySnapshot } from '../../src/drivers/incus/data/verify-copy.ts'
import type { DataLook, DataService, DataSnapshot } from '../../src/ports/data-service.ts'
import type { Database } from '../../src/ports/database.ts'
import { container, FAKE_POOL_BYTES, type FakeContainer, type FakeSnapshot, type FakeStore } from './data-store.ts'
import { swapFake, swapViewOf } from './data-swap.ts'
import { type DataHost, enter, mustBeOurs, noSuchSnapshot, set, touch } from './data-touch.ts'
import { copyOf, fakeDatabase } from './database.ts'
import type { Operator } from './operator.ts'
import { fakeRecovery } from './recovery.ts'
import type { World } from './world.ts'

/** One data service as one operator reaches it. Its store must be in `world.data`. Each change of an instance is a change of its own. */
export function fakeDataService(world: World, operator: Operator, name: DataServiceName): DataService {
  const store = world.data.get(name)
  if (store === undefined) throw new Error(`the world has no data service ${name}`)
  const host: DataHost = { world, operator, store }
  const ask = <T>(what: string, work: () => T | Promise<T>) =>
    world.call(operator, `data.${what}`, () => {
      if (store.isDown) throw down()
      return work()
    })
  const database = (instance = store.instance): Database | null =>
    store.kind === 'files' ? null : databaseOf(host, instance)
  const service: Omit<DataService, 'verifyCopy' | 'verifySnapshot'> = {
    name,
    kind: store.kind,
    instance: store.instance,
    look: () => ask('look', () => lookAt(store)),
    snapshot: (request) => ask('snapshot', () => snapshot(host, request)),
    removeSnapshot: (request) => ask('removeSnapshot', () => removeSnapshot(host, request)),
    copy: (request) => ask('copy', () => copy(host, request)),
    removeCopy: (request) => ask('removeCopy', () => removeCopy(host, request)),
    start: (request) => ask('start', () => setRunning(host, request, true)),
    stop: (request) => ask('stop', () => setRunning(host, request, false)),
    swap: (request) => ask('swap', () => swapFake(host, 'forward', request)),
    swapBack: (request) => ask('swapBack', () => swapFake(host, 'back', request)),
    swapped: (request) => ask('swapped', () => whereSwapStands(swapViewOf(store, request))),
    database,
    recovery: (instance = store.instance) =>
      store.repository === null ? null : fakeRecovery(host, store.repository, instance),
    fence: (generation) => ask('fence', () => enter(host, generation)),
  }
  return {
    ...service,
    verifyCopy: (request) => verifyCopy(service, request),
    verifySnapshot: (request) => verifySnapshot(service, request),
  }
}

function down(): BackflipError {
  return new BackflipError('nobody answers for the data service', { code: 'data-unknown', kind: 'person' })
}

/** The server is looked up at each question: after a swap the name means another one. */
function databaseOf({ world, operator, store }: DataHost, instance: string): Database {
  const server = () => store.containers.get(instance)?.server
  const absent = { ...container().server, isRunning: false }
  const now = () => fakeDatabase(server() ?? absent, (what, work) => world.call(operator, what, work))
  return new Proxy(now(), { get: (_first, property) => Reflect.get(now(), property) as unknown })
}

function lookAt(store: FakeStore): DataLook {
  const { containers, instance, isAtomic, freeBytes } = store
  const live = containers.get(instance)
  const others = [...containers].filter(([name, { isOurs }]) => name !== instance && isOurs)
  const owners = [...containers].filter(([, { isOurs, role }]) => isOurs && role !== 'copy')
  const snapshots = owners.flatMap(([owner, { snapshots: theirs }]) =>
    [...theirs].map(([name, one]) => toSnapshot(owner, name, one)),
  )
  const copies = others.flatMap(([name, { role, operation, isRunning, since }]) =>
    operation === null || role === null
      ? []
      : [{ name, role: role === 'copy' ? role : ('kept' as const), operation, state: stateOf(isRunning), since }],
  )
  return {
    state: live === undefined ? 'absent' : stateOf(live.isRunning),
    restoredBy: live?.role === 'live' ? live.operation : null,
    isAtomic,
    whyNotAtomic: isAtomic ? null : 'the storage copies files one after the other',
    room: { freeBytes, totalBytes: FAKE_POOL_BYTES },
    snapshots: snapshots.toSorted((a, b) => a.createdAt.localeCompare(b.createdAt)),
    copies: copies.toSorted((a, b) => a.since.localeCompare(b.since)),
    reservations: [],
  }
}

function stateOf(isRunning: boolean): 'running' | 'stopped' {
  return isRunning ? 'running' : 'stopped'
}

function toSnapshot(instance: string, name: SnapshotName, { createdAt, expiresAt }: FakeSnapshot): DataSnapshot {
  return { name, instance, createdAt, expiresAt, sizeBytes: null }
}

async function snapshot(host: DataHost, ask: Parameters<DataService['snapshot']>[0]): Promise<DataSnapshot> {
  const { store } = host
  const { instance } = store
  const { name, stopFirst, fencedBy } = ask
  enter(host, fencedBy)
  if (!store.isAtomic && !stopFirst && live(store).isRunning)
    throw refusal('a running instance cannot be snapshotted at one moment here', { code: 'not-atomic' })
  const done = () => live(store).snapshots.has(name)
  if (stopFirst && !done() && live(store).isRunning)
    await set(host, `stop ${instance} for ${name}`, instance, fencedBy, (one) => ({ ...halted(one), stoppedFor: name }))
  try {
    if (!done()) await touch(host, `snapshot ${name}`, fencedBy, () => take(host, ask))
  } finally {
    await startAgain(host, name, fencedBy)
  }
  const made = live(store).snapshots.get(name)
  if (made === undefined) throw noSuchSnapshot(name)
  return toSnapshot(instance, name, made)
}

function take({ world, store }: DataHost, { name, expiresAt }: Parameters<DataService['snapshot']>[0]): void {
  if (store.freeBytes < store.snapshotBytes)
    throw new BackflipError('no room in the pool', { code: 'no-room', kind: 'failed' })
  const one = live(store)
  world.clock.nowMs += 1
  store.freeBytes -= store.snapshotBytes
  const made = { createdAt: world.clock.stamp(), expiresAt, server: structuredClone(one.server) }
  store.containers.set(store.instance, { ...one, snapshots: new Map([...one.snapshots, [name, made]]) })
}

async function startAgain(host: DataHost, name: SnapshotName, fencedBy: number): Promise<void> {
  const { instance, containers } = host.store
  if (containers.get(instance)?.stoppedFor !== name) return
  await set(host, `start ${instance} again`, instance, fencedBy, (one) => ({ ...started(one), stoppedFor: null }))
}

async function removeSnapshot(
  host: DataHost,
  { name, fencedBy }: Parameters<DataService['removeSnapshot']>[0],
): Promise<void> {
  const { store } = host
  enter(host, fencedBy)
  await startAgain(host, name, fencedBy)
  for (const [owner, { isOurs, snapshots }] of store.containers) {
    if (!isOurs || !snapshots.has(name)) continue
    await set(host, `remove snapshot ${name}`, owner, fencedBy, (one) => {
      store.freeBytes += store.snapshotBytes
      return { ...one, snapshots: new Map([...one.snapshots].filter(([other]) => other !== name)) }
    })
  }
}

async function copy(
  host: DataHost,
  { snapshot: name, as, operation, fencedBy }: Parameters<DataService['copy']>[0],
): Promise<void> {
  const { store, world } = host
  enter(host, fencedBy)
  const there = store.containers.get(as)
  if (there !== undefined) return void mustBeOurs(store, as, operation)
  const found = [...store.containers.values()].find(({ isOurs, snapshots }) => isOurs && snapshots.has(name))
  const from = found?.snapshots.get(name)
  if (from === undefined) throw noSuchSnapshot(name)
  await touch(host, `copy ${name} as ${as}`, fencedBy, () => {
    const server = { ...copyOf(from.server), isRunning: false }
    store.containers.set(as, container({ role: 'copy', operation, since: world.clock.stamp(), server }))
  })
}

async function removeCopy(
  host: DataHost,
  { name, operation, fencedBy }: Parameters<DataService['removeCopy']>[0],
): Promise<void> {
  const { store } = host
  enter(host, fencedBy)
  if (!store.containers.has(name)) return
  mustBeOurs(store, name, operation)
  await touch(host, `remove ${name}`, fencedBy, () => void store.containers.delete(name))
}

async function setRunning(
  host: DataHost,
  { name, fencedBy }: { readonly name: string; readonly fencedBy: number | null },
  run: boolean,
): Promise<void> {
  const { store } = host
  enter(host, fencedBy)
  if (mustBeOurs(store, name).role !== 'copy' && fencedBy === null)
    throw refusal(`${name} is not a copy: it is fenced`, { code: 'not-ours' })
  if (store.containers.get(name)?.isRunning === run) return
  await set(host, `${run ? 'start' : 'stop'} ${name}`, name, fencedBy, run ? started : halted)
}

function started(one: FakeContainer): FakeContainer {
  one.server.isRunning = true
  return { ...one, isRunning: true }
}

function halted(one: FakeContainer): FakeContainer {
  one.server.isRunning = false
  return { ...one, isRunning: false }
}

function live({ containers, instance }: FakeStore): FakeContainer {
  const found = containers.get(instance)
  if (found === undefined) throw new BackflipError(`there is no ${instance}`, { code: 'no-instance', kind: 'failed' })
  return found
}
