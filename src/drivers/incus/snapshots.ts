import { refusal } from '../../domain/errors.ts'
import type { IncusClient } from './client.ts'
import { type Devices, nullWhenAbsent, pathOf } from './instances.ts'
import type { InstanceName, SnapshotName } from './names.ts'
import { type Ended, perform } from './operations.ts'

const LIMIT_MS = 5 * 60_000
/** Go's zero time. */
const NEVER = '0001-01-01T00:00:00Z'

export interface Snapshot {
  readonly name: SnapshotName
  /** RFC 3339. */
  readonly createdAt: string
  /** Null: it stays. */
  readonly expiresAt: string | null
  /** Null when the storage does not say. */
  readonly sizeBytes: number | null
  /** Devices of an instance that is made from it, with what comes from the profiles. */
  readonly devices: Devices
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

/** Null: it stays. */
export async function setSnapshotExpiry(
  client: IncusClient,
  of: InstanceName,
  name: SnapshotName,
  expiresAt: string | null,
): Promise<void> {
  await perform(client, {
    method: 'PUT',
    path: snapshotPath(of, name),
    body: { expires_at: expiresAt ?? NEVER },
    limitMs: LIMIT_MS,
    what: `set the end of ${of}/${name}`,
  })
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
  readonly size?: number
  readonly expanded_devices: Devices
}

function toSnapshot({ name, created_at: createdAt, expires_at: expires, size, ...wire }: WireSnapshot): Snapshot {
  const bare = name.includes('/') ? name.slice(name.lastIndexOf('/') + 1) : name
  const expiresAt = expires === undefined || expires.startsWith('0001-') ? null : expires
  const sizeBytes = size === undefined || size <= 0 ? null : size
  return { name: bare as SnapshotName, createdAt, expiresAt, sizeBytes, devices: wire.expanded_devices }
}
