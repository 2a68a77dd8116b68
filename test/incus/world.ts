import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { type IncusClient, incusClient } from '../../src/drivers/incus/client.ts'
import { isIncusError } from '../../src/drivers/incus/errors.ts'
import { execute } from '../../src/drivers/incus/exec.ts'
import {
  type CreateInstance,
  changeState,
  createInstance,
  deleteInstance,
  type Instance,
  type Keys,
  listInstances,
} from '../../src/drivers/incus/instances.ts'
import { type InstanceName, parseInstanceName, parseProjectName } from '../../src/drivers/incus/names.ts'
import { perform } from '../../src/drivers/incus/operations.ts'
import { type Bed, GATEWAY, POOLS, PREFIX_LENGTH, socketOf } from './bed/bed.ts'
import { bedFromEnvironment } from './bed/environment.ts'
import { IMAGES } from './bed/import-images.ts'

const MAX_PROJECTS = 250
const REMOVE_LIMIT_MS = 60_000
const EMPTY_TRIES = 50
const EMPTY_PAUSE_MS = 200
const BOOT_LIMIT_MS = 30_000
const BOOT_PAUSE_MS = 100
const MAX_BOOT_TRIES = 300

export type Image = keyof typeof IMAGES

/** One Incus project, for one test file: names and addresses in it meet no other file's. */
export interface IncusWorld {
  readonly bed: Bed
  readonly client: IncusClient
  /** A folder of this host that containers may share: on disk, in the bed. */
  readonly folder: string
  /** Addresses of the project, `10.88.<project>.<host>`, host from 2 to 254. */
  address(host: number): string
  /** A running container with that address, booted. What else it is made of may be given; with `start: false` it is only made. */
  launch(
    name: string,
    image: Image,
    host: number,
    more?: Partial<Omit<CreateInstance, 'name' | 'source'>>,
  ): Promise<InstanceName>
  /** Removes the project with everything in it. */
  end(): Promise<void>
}

export async function incusWorld(): Promise<IncusWorld> {
  const bed = bedFromEnvironment()
  const { client, number } = await makeProject(bed)
  const folder = join(bed.folder, client.project)
  mkdirSync(folder, { mode: 0o755 })
  const address = (host: number) => `10.88.${number}.${host}`
  return {
    bed,
    client,
    folder,
    address,
    async launch(name, image, host, more = {}) {
      const instance = parseInstanceName(name)
      await createInstance(client, {
        ...more,
        name: instance,
        source: { image: IMAGES[image] },
        config: { ...addressKeys(address(host)), ...more.config },
        start: more.start ?? true,
      })
      if (image === 'debian' && more.start !== false) await untilBooted(client, instance)
      return instance
    },
    async end() {
      await removeProject(client)
      client.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Before that systemd takes no orders: "Failed to connect to bus". */
async function untilBooted(client: IncusClient, instance: InstanceName): Promise<void> {
  const argv = ['systemctl', 'is-system-running']
  for (let tries = 1; ; tries += 1) {
    const { stdout } = await execute(client, instance, { argv, timeoutMs: BOOT_LIMIT_MS })
    const state = stdout.toString('utf8').trim()
    if (state === 'running' || state === 'degraded') return
    if (tries >= MAX_BOOT_TRIES) throw new Error(`${instance} does not boot: ${state}`)
    await wait(BOOT_PAUSE_MS)
  }
}

/** What the test images take their address from. */
export function addressKeys(address: string): Keys {
  return { 'user.ipv4': `${address}/${PREFIX_LENGTH}`, 'user.gw': GATEWAY }
}

/** The first free number; of two files at once, one gets the next. */
async function makeProject(bed: Bed): Promise<{ readonly client: IncusClient; readonly number: number }> {
  for (let number = 1; number <= MAX_PROJECTS; number += 1) {
    const project = parseProjectName(`t${number}`)
    const client = incusClient({ place: { socket: socketOf(bed) }, project })
    const config = { 'features.images': 'false', 'features.profiles': 'false', 'features.storage.volumes': 'true' }
    try {
      await client.call({ method: 'POST', path: '/projects', body: { name: project, config } })
      return { client, number }
    } catch (error) {
      client.close()
      if (!isIncusError(error, 'incus-exists')) throw error
    }
  }
  throw new Error(`${MAX_PROJECTS} projects, and none free: a bed is not meant to be kept for ever`)
}

/**
 * One by one: with `force` Incus would do it itself, but it then also tries to remove the profiles that the project has from the default one, and
 * refuses when anybody uses them.
 */
async function removeProject(client: IncusClient): Promise<void> {
  await emptyProject(client)
  await Promise.all(Object.values(POOLS).map((pool) => removeVolumes(client, pool)))
  await perform(client, { method: 'DELETE', path: `/projects/${client.project}`, limitMs: REMOVE_LIMIT_MS })
}

/** Every container and every fence in it: what is left is a project as it was made. What a client that died began may still be under way. */
export async function emptyProject(client: IncusClient): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    const instances = await listInstances(client)
    const removed = await Promise.allSettled(instances.map((instance) => removeInstance(client, instance)))
    const failed = removed.find((one) => one.status === 'rejected')
    if (failed === undefined && instances.length === 0) break
    if (failed !== undefined && tries >= EMPTY_TRIES) throw failed.reason
    if (failed !== undefined) await new Promise((resolve) => setTimeout(resolve, EMPTY_PAUSE_MS))
  }
  await removeFences(client)
}

/** Profiles are shared with the default project, and each fence of ours is one. */
export async function removeFences(client: IncusClient): Promise<void> {
  const { metadata } = await client.call({ method: 'GET', path: '/profiles', query: { recursion: '1' } })
  for (const { name } of metadata as readonly { readonly name: string }[])
    if (name.startsWith(`backflip.${client.project}.`))
      await client.call({ method: 'DELETE', path: `/profiles/${name}` })
}

export async function removeInstance(client: IncusClient, { name, status }: Instance): Promise<void> {
  if (status !== 'Stopped') await changeState(client, name, 'stop', { force: true })
  await deleteInstance(client, name)
}

async function removeVolumes(client: IncusClient, pool: string): Promise<void> {
  const path = `/storage-pools/${pool}/volumes/custom`
  const { metadata } = await client.call({ method: 'GET', path, query: { recursion: '1' } })
  for (const { name } of metadata as readonly { readonly name: string }[])
    await perform(client, { method: 'DELETE', path: `${path}/${name}`, limitMs: REMOVE_LIMIT_MS })
}
