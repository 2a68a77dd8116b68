import { refusal } from '../../domain/errors.ts'
import type { IncusClient } from './client.ts'
import { nullWhenAbsent, pathOf } from './instances.ts'
import type { InstanceName, SnapshotName } from './names.ts'
import { type Ended, perform } from './operations.ts'

const LIMIT_MS = 5 * 60_000

export interface Snapshot {
  readonly name: SnapshotName
  /** RFC 3339. */
  readonly createdAt: string
  /** Null: it stays. */
  readonly expiresAt: string | null
}

/** Oldest first. Null when there is no such instance. */
export async function listSnapshots(client: IncusClient, of: InstanceName): Promise<readonly Snapshot[] | null> {
  return nullWhenAbsent(async () => {
    const query = { recursion: '1' }
    const path = `${pathOf(of)}/snapshots`
    const { metadata } = await client.call({ method: 'GET', path, query, what: `list the snapshots of ${of}` })
    return (metadata as readonly WireSnapshot[])
      .map(toSnapshot)
      .toSorted((a, b) => Date.parse(a.createdAt) - Date.parse(b.createdAt))
  })
}

export async function getSnapshot(client: IncusClient, of: InstanceName, name: SnapshotName): Promise<Snapshot | null> {
  return nullWhenAbsent(async () => {
    const { metadata } = await client.call({
      method: 'GET',
      path: snapshotPath(of, name),
      what: `look at ${of}/${name}`,
    })
    return toSnapshot(metadata as WireSnapshot)
  })
}

/**
 * Atomic on btrfs, zfs and lvm; a copy on dir, during which the instance is frozen. `expiresAt`: when Incus removes it by itself. A taken
 * name would come back as 500, so it is looked for first (research/reliability.md §5.2).
 */
export async function createSnapshot(
  client: IncusClient,
  of: InstanceName,
  name: SnapshotName,
  { expiresAt = null }: { readonly expiresAt?: string | null } = {},
): Promise<Ended> {
  const what = `snapshot ${of} as ${name}`
  if ((await getSnapshot(client, of, name)) !== null) {
    throw refusal(`${of} has a snapshot ${name} already`, { code: 'incus-exists', hint: `incus snapshot list ${of}` })
  }
  const body = { name, stateful: false, ...(expiresAt === null ? {} : { expires_at: expiresAt }) }
  return perform(client, { method: 'POST', path: `${pathOf(of)}/snapshots`, body, limitMs: LIMIT_MS, what })
}

/** Gone already is fine. */
export async function deleteSnapshot(client: IncusClient, of: InstanceName, name: SnapshotName): Promise<void> {
  const what = `delete the snapshot ${of}/${name}`
  await nullWhenAbsent(() =>
    perform(client, { method: 'DELETE', path: snapshotPath(of, name), limitMs: LIMIT_MS, what }),
  )
}

function snapshotPath(of: InstanceName, name: SnapshotName): string {
  return `${pathOf(of)}/snapshots/${name}`
}

interface WireSnapshot {
  readonly name: string
  readonly created_at: string
  readonly expires_at?: string
}

/** Go's zero time stands for "never". */
function toSnapshot({ name, created_at: createdAt, expires_at: expires }: WireSnapshot): Snapshot {
  const bare = name.includes('/') ? name.slice(name.lastIndexOf('/') + 1) : name
  const expiresAt = expires === undefined || expires.startsWith('0001-') ? null : expires
  return { name: bare as SnapshotName, createdAt, expiresAt }
}
