import type { DataService } from '../../../ports/data-service.ts'
import { awaitOthers } from '../await-others.ts'
import {
  createInstance,
  deleteInstance,
  getInstance,
  type Keys,
  patchInstance,
  type SeenInstance,
} from '../instances.ts'
import { type InstanceName, parseInstanceName, parseSnapshotName } from '../names.ts'
import { type Check, type DataHost, enter, findOurs, mustFindOurs, noSuchSnapshot, stampOf } from './host.ts'
import { LABEL, MAKING, notOurs, placeOf, type Stamp, stampKeys } from './labels.ts'
import { inRoomOf, poolOf } from './pool.ts'
import { makeStand } from './power.ts'
import { withoutSeat } from './seat.ts'
import { findOwned } from './snapshot-owners.ts'

/** Nothing in a copy is worth waiting for. */
const STOP_LIMIT_MS = 1_000

/** `DataService.copy`. */
export async function makeCopy(
  host: DataHost,
  { snapshot, as, operation, fencedBy }: Parameters<DataService['copy']>[0],
): Promise<void> {
  const { client } = host
  const [name, from] = [parseInstanceName(as), parseSnapshotName(snapshot)]
  const check = await enter(host, fencedBy)
  await awaitOthers(client, name)
  const there = await findOurs(host, name)
  if (there !== null && !carries(host, there, operation)) throw notOurs(name)
  if (there !== null && there.config[LABEL.role] !== MAKING) return
  const source = await findOwned(host, from)
  if (source === null) throw noSuchSnapshot(host, snapshot)
  if (there !== null) await remove(host, there, check)
  const owner = await mustFindOurs(host, source.owner)
  const pool = await poolOf(client, owner)
  await check()
  await inRoomOf(pool, () =>
    createInstance(client, {
      name,
      source: { copyOf: source.owner, snapshot: from },
      config: copyKeys(stampOf(host, operation)),
      devices: withoutSeat(source.snapshot.devices),
    }),
  )
  await check()
  await finish(host, name)
}

/** Everything that the snapshot's configuration would bring along, said again. An empty value takes a key away. */
function copyKeys(stamp: Stamp): Keys {
  return {
    ...stampKeys(stamp, MAKING),
    [LABEL.uuid]: '',
    [LABEL.stoppedFor]: '',
    [LABEL.left]: '',
    [LABEL.before]: '',
    [LABEL.returning]: '',
    'boot.autostart': 'false',
    'security.protection.delete': 'false',
    'snapshots.schedule': '',
  }
}

/** Its record is there before its files are: only now it is known to be whole, and what its own id is. */
async function finish({ client, live }: DataHost, name: InstanceName): Promise<void> {
  const made = await getInstance(client, name)
  if (made === null || made.config[LABEL.of] !== live) throw notOurs(name)
  const config = { [LABEL.role]: 'copy', [LABEL.uuid]: made.config['volatile.uuid'] ?? '' }
  await patchInstance(client, name, { config }, made.etag)
}

/** `DataService.removeCopy`. */
export async function removeCopy(
  host: DataHost,
  { name: text, operation, fencedBy }: Parameters<DataService['removeCopy']>[0],
): Promise<void> {
  const name = parseInstanceName(text)
  const check = await enter(host, fencedBy)
  await awaitOthers(host.client, name)
  const found = await findOurs(host, name)
  if (found === null) return
  if (!carries(host, found, operation)) throw notOurs(name)
  await remove(host, found, check)
}

/** One that has the seat, but not yet the name, is on its way to be live: a swap that died there has to be finished or taken back first. */
function carries({ live }: DataHost, found: SeenInstance, operation: string): boolean {
  const { role, operation: its } = placeOf(found)
  return found.name !== live && its === operation && role !== 'live'
}

async function remove(host: DataHost, found: SeenInstance, check: Check): Promise<void> {
  const { client } = host
  await makeStand(host, found, STOP_LIMIT_MS, check)
  if (found.expanded.config['security.protection.delete'] === 'true') {
    await check()
    await patchInstance(client, found.name, { config: { 'security.protection.delete': 'false' } })
  }
  await check()
  await deleteInstance(client, found.name)
}
