import { type Bed, BRIDGE, GATEWAY, incusFolder, POOLS, PREFIX_LENGTH } from './bed.ts'
import { daemonEnvironment } from './daemon.ts'
import { runProgram } from './run-program.ts'

/** A sparse file: what is written is what it takes. */
const POOL_SIZE = '8GiB'

/** Bridge, both pools and the default profile. Two pools, because btrfs and dir differ in how they snapshot (research/incus.md §5). */
export async function initialize(bed: Pick<Bed, 'folder'>): Promise<void> {
  const preseed = {
    networks: [
      {
        name: BRIDGE,
        type: 'bridge',
        config: {
          'ipv4.address': `${GATEWAY}/${PREFIX_LENGTH}`,
          'ipv4.nat': 'false',
          'ipv4.dhcp.ranges': '10.88.0.200-10.88.0.254',
          'ipv6.address': 'none',
          'dns.mode': 'none',
        },
      },
    ],
    storage_pools: [
      { name: POOLS.btrfs, driver: 'btrfs', config: { size: POOL_SIZE } },
      { name: POOLS.dir, driver: 'dir' },
    ],
    profiles: [
      {
        name: 'default',
        devices: {
          root: { type: 'disk', path: '/', pool: POOLS.btrfs },
          eth0: { type: 'nic', network: BRIDGE, name: 'eth0' },
        },
      },
    ],
  }
  // JSON is YAML.
  const stdin = JSON.stringify(preseed)
  await runProgram(['incus', 'admin', 'init', '--preseed'], {
    env: daemonEnvironment(incusFolder(bed)),
    limitMs: 60_000,
    stdin,
  })
}
