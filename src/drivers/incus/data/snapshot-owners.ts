import type { IncusClient } from '../client.ts'
import { type Instance, listInstances } from '../instances.ts'
import type { InstanceName, SnapshotName } from '../names.ts'
import { listSnapshots, type Snapshot } from '../snapshots.ts'
import type { DataHost } from './host.ts'
import { isOurs, placeOf } from './labels.ts'

/**
 * The end that a snapshot has until it is whole. A daemon that dies while it copies files leaves a snapshot that looks like any other, and its end
 * is the one thing about it that can be changed afterwards.
 */
export const UNFINISHED = '2999-12-31T23:59:59Z'

/** Names as ours are (`parseSnapshotName`); Incus takes others from others. */
const SAFE = /^[a-z0-9][a-z0-9-]{0,62}$/

export interface Owned {
  readonly owner: InstanceName
  readonly snapshot: Snapshot
}

/** Whole snapshots of the live instance and of those that were kept, oldest first. A copy's own are nobody's way back. */
export async function listOwned(client: IncusClient, ours: readonly Instance[]): Promise<readonly Owned[]> {
  const owners = ours.filter((one) => placeOf(one).role !== 'copy')
  const lists = await Promise.all(owners.map(async ({ name }) => ({ name, list: await listSnapshots(client, name) })))
  return lists
    .flatMap(({ name, list }) => (list ?? []).map((snapshot) => ({ owner: name, snapshot })))
    .filter(({ snapshot }) => snapshot.expiresAt !== UNFINISHED && SAFE.test(snapshot.name))
    .toSorted((a, b) => Date.parse(a.snapshot.createdAt) - Date.parse(b.snapshot.createdAt))
}

/** The live instance's before a kept one's, a younger before an older. */
export async function findOwned({ client, live }: DataHost, name: SnapshotName): Promise<Owned | null> {
  const ours = (await listInstances(client)).filter((one) => isOurs(one, live))
  const found = (await listOwned(client, ours)).filter(({ snapshot }) => snapshot.name === name)
  return found.find(({ owner }) => owner === live) ?? found.at(-1) ?? null
}
