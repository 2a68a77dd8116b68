import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { processStart } from '../../../src/lib/proc.ts'
import { BED_PREFIX, BEDS_FOLDER, type Bed, BRIDGE, enter, GATEWAY, incusFolder, POOLS, PREFIX_LENGTH } from './bed.ts'
import { busyboxImage } from './busybox-image.ts'
import { daemonEnvironment, shutDaemonDown, startDaemon } from './daemon.ts'
import { IMAGES } from './import-images.ts'
import { makeNamespaces } from './namespaces.ts'
import { runProgram } from './run-program.ts'
import { removeFolder } from './sweep.ts'

const LIMIT_MS = 60_000
/** 11 marks a healthy member offline: heartbeats come every 10 seconds (research/incus.md §9.2). */
const OFFLINE_SECONDS = '12'

/** One member: a daemon in namespaces of its own. Its name is the cluster's for it. */
export interface Member extends Bed {
  readonly name: 'a' | 'b'
}

export interface Cluster {
  /** The first has the database: with two members there is one voter. */
  readonly members: readonly [Member, Member]
  end(): Promise<void>
}

/** Two daemons that are one cluster, on a wire between their networks (research/incus.md §9.1). */
export async function startCluster(): Promise<Cluster> {
  const ends: (() => Promise<void>)[] = []
  const end = async () => {
    for (const one of ends.toReversed()) await one()
  }
  try {
    const [a, b] = [await makeMember('a', ends), await makeMember('b', ends)]
    await connect(a, b)
    await startDaemon(a)
    await preseed(a, first())
    await run(a, ['incus', 'image', 'import', await busyboxImage(), '--alias', IMAGES.busybox, '--quiet'])
    const token = (await run(a, ['incus', 'cluster', 'add', 'b', '--quiet'])).trim().split('\n').at(-1) ?? ''
    await startDaemon(b)
    const cluster = {
      enabled: true,
      server_name: 'b',
      server_address: '10.99.0.2:8443',
      cluster_token: token,
      member_config: [],
    }
    await preseed(b, { cluster })
    // Before there is a cluster the daemon dies of it.
    await run(a, ['incus', 'config', 'set', `cluster.offline_threshold=${OFFLINE_SECONDS}`])
    return { members: [a, b], end }
  } catch (error) {
    await end()
    throw error
  }
}

async function makeMember(name: Member['name'], ends: (() => Promise<void>)[]): Promise<Member> {
  const folder = join(BEDS_FOLDER, `${BED_PREFIX}${name}-${process.pid}`)
  mkdirSync(folder, { mode: 0o711 })
  mkdirSync(incusFolder({ folder }), { mode: 0o711 })
  writeFileSync(join(folder, 'owner.json'), JSON.stringify({ pid: process.pid, start: processStart(process.pid) }))
  ends.push(async () => removeFolder(folder))
  const namespaces = await makeNamespaces(folder)
  ends.push(() => namespaces.end())
  const member: Member = { name, folder, initPid: namespaces.initPid, hasDebian: false }
  // Politely first: LXC then removes its control groups itself. One that a test killed has nobody to ask.
  ends.push(() => shutDaemonDown(member).catch(() => undefined))
  return member
}

/** The wire is made in the first one's network: nothing of it is ever seen in the host's. */
async function connect(a: Member, b: Member): Promise<void> {
  const ip = (member: Member, ...args: readonly string[]) =>
    runProgram([...enter(member, 'net'), 'ip', ...args], { limitMs: LIMIT_MS })
  await ip(a, 'link', 'add', 'c0', 'type', 'veth', 'peer', 'name', 'c0', 'netns', `/proc/${b.initPid}/ns/net`)
  for (const [member, address] of [
    [a, '10.99.0.1/24'],
    [b, '10.99.0.2/24'],
  ] as const) {
    await ip(member, 'addr', 'add', address, 'dev', 'c0')
    await ip(member, 'link', 'set', 'c0', 'up')
  }
}

function first(): object {
  return {
    config: { 'core.https_address': '10.99.0.1:8443' },
    networks: [
      {
        name: BRIDGE,
        type: 'bridge',
        config: { 'ipv4.address': `${GATEWAY}/${PREFIX_LENGTH}`, 'ipv4.nat': 'false', 'ipv6.address': 'none' },
      },
    ],
    storage_pools: [{ name: POOLS.dir, driver: 'dir' }],
    profiles: [
      {
        name: 'default',
        devices: {
          root: { type: 'disk', path: '/', pool: POOLS.dir },
          eth0: { type: 'nic', network: BRIDGE, name: 'eth0' },
        },
      },
    ],
    cluster: { server_name: 'a', enabled: true },
  }
}

/** In the member's own network: the command itself dials the cluster. */
async function preseed(member: Member, words: object): Promise<void> {
  await run(member, ['incus', 'admin', 'init', '--preseed'], JSON.stringify(words))
}

function run(member: Member, argv: readonly string[], stdin = ''): Promise<string> {
  const env = daemonEnvironment(incusFolder(member))
  return runProgram([...enter(member, 'net'), ...argv], { env, limitMs: LIMIT_MS, stdin })
}
