import { BackflipError } from '../../../domain/errors.ts'
import type { IncusClient } from '../client.ts'
import { isIncusError } from '../errors.ts'
import type { Instance } from '../instances.ts'
import { type PoolName, parsePoolName } from '../names.ts'

/** Copy-on-write, one volume per instance: a snapshot is one instant (research/reliability.md §5.1). Tried on real ones: btrfs. Any other driver counts as not atomic. */
const ATOMIC = ['btrfs', 'zfs', 'lvm', 'ceph']

export interface Pool {
  readonly name: PoolName
  readonly driver: string
  readonly isAtomic: boolean
}

/** The pool of the instance's root disk. */
export async function poolOf(client: IncusClient, instance: Pick<Instance, 'name' | 'expanded'>): Promise<Pool> {
  const name = poolName(instance)
  const { metadata } = await client.call({
    method: 'GET',
    path: `/storage-pools/${name}`,
    what: `look at the pool ${name}`,
  })
  const { driver } = metadata as { readonly driver: string }
  return { name, driver, isAtomic: ATOMIC.includes(driver) }
}

function poolName({ name, expanded }: Pick<Instance, 'name' | 'expanded'>): PoolName {
  const root = Object.values(expanded.devices).find(({ type, path }) => type === 'disk' && path === '/')
  if (root?.pool !== undefined) return parsePoolName(root.pool)
  throw new BackflipError(`${name} does not say in which pool its disk is`, {
    code: 'incus-not-understood',
    kind: 'failed',
    hint: `incus config show ${name} --expanded`,
  })
}

export interface Room {
  readonly freeBytes: number
  readonly totalBytes: number
}

/** Null when we may not know, or the storage does not. */
export async function roomIn(client: IncusClient, { name }: Pool): Promise<Room | null> {
  try {
    const path = `/storage-pools/${name}/resources`
    const { metadata } = await client.call({ method: 'GET', path, what: `look at the room in the pool ${name}` })
    const { used, total } = (metadata as { readonly space: { readonly used: number; readonly total: number } }).space
    return total > 0 ? { freeBytes: Math.max(0, total - used), totalBytes: total } : null
  } catch (error) {
    if (isIncusError(error, 'incus-no-right')) return null
    throw error
  }
}

/** Runs what takes room. Error `no-room` (kind `failed`). */
export async function inRoomOf<T>(pool: Pool, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!isIncusError(error, 'incus-pool-full')) throw error
    throw new BackflipError(`the storage pool ${pool.name} is full`, {
      code: 'no-room',
      kind: 'failed',
      details: ['what was begun has been taken away again by Incus; the live instance has not been changed'],
      hint: `backflip snapshots prune, or incus storage info ${pool.name}`,
      cause: error,
    })
  }
}
