import { readFileSync } from 'node:fs'
import type { Host } from '../place.ts'
import { PREFIX_LENGTH } from '../place.ts'
import type { Incus } from './incus.ts'

const INOTIFY = '/proc/sys/fs/inotify/max_user_instances'
const ENOUGH = 1024
const POOL_SIZE = '20GiB'

/** A project of its own, with the bridge and the pool that its containers have by default. */
export async function provideHost(incus: Incus, host: Host): Promise<void> {
  // Images come from the default project.
  if (!(await incus.knows(['project', 'show', host.project])))
    await incus.must(['project', 'create', host.project, '-c', 'features.images=false'])
  await provideNetwork(incus, host)
  // btrfs: snapshots at one moment, also in a file on a disk of any kind.
  if (!(await incus.knows(['storage', 'show', host.pool])))
    await incus.must(['storage', 'create', host.pool, 'btrfs', `size=${POOL_SIZE}`])
  await provideDevice(incus, 'root', ['disk', 'path=/', `pool=${host.pool}`])
  await provideDevice(incus, 'eth0', ['nic', `network=${host.network}`, 'name=eth0'])
}

/**
 * The kernel counts inotify instances of all containers as their creator's, and a systemd takes six: beyond the limit it ends or hangs while it
 * starts. The host is the operator's, so it is only said.
 */
export function adviseOnLimits(): void {
  const limit = Number(readFileSync(INOTIFY, 'utf8'))
  if (limit >= ENOUGH) return
  console.log(
    `advice: ${limit} inotify instances are about ${Math.floor(limit / 6)} containers with systemd on this host;`,
  )
  console.log(`        sysctl -w fs.inotify.max_user_instances=${ENOUGH}, and the same in /etc/sysctl.d`)
}

async function provideDevice(incus: Incus, name: string, keys: readonly string[]): Promise<void> {
  if (await incus.knows(['profile', 'device', 'get', 'default', name, 'type'])) return
  await incus.must(['profile', 'device', 'add', 'default', name, ...keys])
}

/** DHCP gives away 10.77.0.x only: the environments' addresses are fixed. */
async function provideNetwork(incus: Incus, { network, gateway }: Host): Promise<void> {
  if (await incus.knows(['network', 'show', network])) return
  const first = gateway.replace(/\.\d+$/, '')
  const keys = [`ipv4.address=${gateway}/${PREFIX_LENGTH}`, 'ipv4.nat=true', 'ipv6.address=none']
  keys.push(`ipv4.dhcp.ranges=${first}.100-${first}.199`)
  await incus.must(['network', 'create', network, '--type=bridge', ...keys])
}
