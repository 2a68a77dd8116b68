import { refusal } from '../../../domain/errors.ts'
import type { DataService, DataSnapshot } from '../../../ports/data-service.ts'
import { awaitOthers } from '../await-others.ts'
import { getInstance, listInstances, patchInstance, type SeenInstance } from '../instances.ts'
import { parseSnapshotName, type SnapshotName } from '../names.ts'
import { createSnapshot, deleteSnapshot, getSnapshot, type Snapshot, setSnapshotExpiry } from '../snapshots.ts'
import { type Check, type DataHost, enter, mustFindOurs, noSuchSnapshot } from './host.ts'
import { isOurs, LABEL, placeOf } from './labels.ts'
import { inRoomOf, type Pool, poolOf } from './pool.ts'
import { makeRun, makeStand } from './power.ts'
import { UNFINISHED } from './snapshot-owners.ts'
import { mustHoldNoData, volumesOf } from './volumes.ts'

/** For a database to write everything out. */
const STOP_LIMIT_MS = 60_000

type Ask = Parameters<DataService['snapshot']>[0]

/** `DataService.snapshot`. */
export async function takeSnapshot(host: DataHost, ask: Ask): Promise<DataSnapshot> {
  const { client, live } = host
  const name = parseSnapshotName(ask.name)
  const check = await enter(host, ask.fencedBy)
  await awaitOthers(client, live)
  const instance = await mustFindOurs(host, live)
  mustHoldNoData(live, await volumesOf(host, instance))
  const pool = await poolOf(client, instance)
  const there = await getSnapshot(client, live, name)
  if (there === null || there.expiresAt === UNFINISHED) {
    if (!pool.isAtomic && !ask.stopFirst && instance.status !== 'Stopped') throw notAtomic(live, pool)
    await take(host, { instance, pool, name, ask, there, check })
  } else await startAgain(host, name, check)
  const made = await getSnapshot(client, live, name)
  if (made === null) throw noSuchSnapshot(host, name)
  const { createdAt, expiresAt, sizeBytes } = made
  return { name: ask.name, instance: live, createdAt, expiresAt, sizeBytes }
}

interface Taking {
  readonly instance: SeenInstance
  readonly pool: Pool
  readonly name: SnapshotName
  readonly ask: Ask
  /** A half-made one of an earlier try. */
  readonly there: Snapshot | null
  readonly check: Check
}

/** Whole before it has its own end; running again in any case. */
async function take(host: DataHost, { instance, pool, name, ask, there, check }: Taking): Promise<void> {
  const { client, live } = host
  if (there !== null) {
    await check()
    await deleteSnapshot(client, live, name)
  }
  if (ask.stopFirst) await standFor(host, instance, name, check)
  try {
    await check()
    await inRoomOf(pool, () => createSnapshot(client, live, name, { expiresAt: UNFINISHED }))
  } finally {
    await startAgain(host, name, check)
  }
  await check()
  await setSnapshotExpiry(client, live, name, ask.expiresAt)
}

/** The label first: whoever takes over knows by it that the instance has to run again. */
async function standFor(host: DataHost, instance: SeenInstance, name: SnapshotName, check: Check): Promise<void> {
  if (instance.status === 'Stopped') return
  await check()
  await patchInstance(host.client, host.live, { config: { [LABEL.stoppedFor]: name } })
  await makeStand(host, instance, STOP_LIMIT_MS, check)
}

async function startAgain(host: DataHost, name: SnapshotName, check: Check): Promise<void> {
  const { client, live } = host
  const now = await getInstance(client, live)
  if (now === null || now.config[LABEL.stoppedFor] !== name) return
  await makeRun(host, now, check)
  await check()
  await patchInstance(client, live, { config: { [LABEL.stoppedFor]: '' } })
}

/** `DataService.removeSnapshot`. */
export async function removeSnapshot(host: DataHost, ask: Parameters<DataService['removeSnapshot']>[0]): Promise<void> {
  const { client, live } = host
  const name = parseSnapshotName(ask.name)
  const check = await enter(host, ask.fencedBy)
  await awaitOthers(client, live)
  await startAgain(host, name, check)
  const owners = (await listInstances(client)).filter((one) => isOurs(one, live) && placeOf(one).role !== 'copy')
  for (const owner of owners) {
    if ((await getSnapshot(client, owner.name, name)) === null) continue
    await check()
    await deleteSnapshot(client, owner.name, name)
  }
}

function notAtomic(live: string, pool: Pool): Error {
  return refusal(`a snapshot of ${live} while it runs would not be one moment: ${pool.name} is a ${pool.driver} pool`, {
    code: 'not-atomic',
    details: ['files are copied one after the other, and such a copy of a database may look whole and not be'],
    hint: 'snapshots.allowStop in backflip.yaml lets it be stopped for each snapshot; or move it to a btrfs, zfs or lvm pool',
  })
}
