import { mkdirSync } from 'node:fs'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { composeWithoutJournal } from '../../src/compose.ts'
import type { HaproxyConfig, IncusConfig } from '../../src/config/types.ts'
import { COLORS, type Color } from '../../src/domain/color.ts'
import type { Topology } from '../../src/domain/topology.ts'
import { haproxyEdge } from '../../src/drivers/haproxy/edge.ts'
import { type InstanceName, parseInstanceName } from '../../src/drivers/incus/names.ts'
import { sharedFolderTransport } from '../../src/drivers/incus/shared-folder.ts'
import { incusTransport } from '../../src/drivers/incus/transport.ts'
import { systemClock } from '../../src/drivers/local/clock.ts'
import { localLiveness } from '../../src/drivers/local/liveness.ts'
import { localSharedLock } from '../../src/drivers/local/shared-lock.ts'
import { localTransport } from '../../src/drivers/local/transport.ts'
import type { Edge } from '../../src/ports/edge.ts'
import type { Transport } from '../../src/ports/transport.ts'
import { colorServer, topologyOf } from '../edge/world.ts'
import { SETTINGS } from '../fakes/environment.ts'
import { APP, ENVIRONMENT } from '../fakes/history.ts'
import { GATEWAY } from './bed/bed.ts'
import { type IncusWorld, incusWorld } from './world.ts'

const PORT = 8000
export const FOLDER = '/srv/backflip'
export const MASTER = '/run/haproxy-master.sock'
const OURS = `${FOLDER}/backflip-${APP}-${ENVIRONMENT}.cfg`
/** Debian's own file, which its service starts HAProxy with. */
export const OPERATORS = '/etc/haproxy/haproxy.cfg'
const OPERATORS_TEXT = `global
  stats socket /run/haproxy/admin.sock mode 600 level admin
  hard-stop-after 5s
frontend operators-own
  mode http
  timeout client 1s
  bind 127.0.0.1:9
`

/** HAProxy as a container's own service, before two small servers that say their color, and the two ways to reach it. */
export interface ContainerEdge {
  readonly incus: IncusWorld
  readonly instance: InstanceName
  readonly config: HaproxyConfig
  readonly topology: Topology
  /** By the daemon alone. */
  readonly inside: Transport
  /** With the edge's folder shared. */
  readonly shared: Transport
  edgeBy(transport: Transport): Edge
  /** As the command makes it from its configuration. */
  composed(way: 'inside' | 'shared'): Promise<Edge>
  close(): Promise<void>
}

export async function containerEdge(): Promise<ContainerEdge> {
  const incus = await incusWorld()
  const instance = parseInstanceName('edge')
  const inside = incusTransport({ client: incus.client, instance })
  const host = join(incus.folder, 'edge')
  mkdirSync(host)
  const devices = { shared: { type: 'disk', source: host, path: FOLDER, shift: 'true' } }
  await incus.launch('edge', 'debian', 2, { devices })
  await startHaproxy(inside, OURS)
  const servers: Record<Color, Server> = { blue: colorServer('blue'), green: colorServer('green') }
  for (const color of COLORS) await new Promise<void>((resolve) => servers[color].listen(0, GATEWAY, resolve))
  const config: HaproxyConfig = {
    driver: 'haproxy',
    mode: 'attached',
    bind: { host: '*', port: PORT },
    publicUrl: `http://${incus.address(2)}:${PORT}`,
    folder: FOLDER,
    binary: 'haproxy',
    configFiles: [OPERATORS, OURS],
    masterSocket: MASTER,
    adminSocket: '/run/haproxy/admin.sock',
    maintenance: { retryAfterSeconds: 30, healthPaths: [] },
  }
  return {
    incus,
    instance,
    config,
    topology: topologyAt(servers),
    inside,
    shared: sharedFolderTransport({ host, container: FOLDER }, { here: localTransport(), inside }),
    edgeBy: (transport) =>
      haproxyEdge({
        config,
        app: APP,
        environment: ENVIRONMENT,
        transport,
        sharedLock: localSharedLock(incus.folder, systemClock, localLiveness()),
        clock: systemClock,
      }),
    async composed(way) {
      const incusConfig: IncusConfig = { place: { socket: incus.client.where }, project: incus.client.project }
      const edgeTransport = { driver: 'incus', instance, sharedFolder: way === 'shared' ? host : null } as const
      const settings = {
        ...SETTINGS,
        stateFolder: join(incus.folder, 'state'),
        edge: config,
        edgeTransport,
        incus: incusConfig,
      }
      const { edge } = await composeWithoutJournal(
        { file: '', app: APP, components: [], migrate: null, environments: [settings] },
        settings,
      )
      return edge
    },
    async close() {
      for (const color of COLORS) {
        servers[color].closeAllConnections()
        servers[color].close()
      }
      await incus.end()
    },
  }
}

/** What the operator does once: our file, empty yet, is named beside theirs. */
export async function startHaproxy(inside: Transport, ours: string): Promise<void> {
  await inside.makeFolder(FOLDER)
  await inside.writeFileAtomic('/etc/default/haproxy', `EXTRAOPTS="-S ${MASTER} -f ${ours}"\n`, { mode: 0o644 })
  await inside.writeFileAtomic(ours, '')
  await inside.writeFileAtomic(OPERATORS, OPERATORS_TEXT, { mode: 0o644 })
  const { exitCode, stderr } = await inside.run(['systemctl', 'start', 'haproxy'], { timeoutMs: 20_000 })
  if (exitCode !== 0) throw new Error(`HAProxy does not start: ${stderr}`)
}

function topologyAt(servers: Readonly<Record<Color, Server>>): Topology {
  const port = (color: Color) => (servers[color].address() as AddressInfo).port
  const plain = topologyOf({ blue: port('blue'), green: port('green') })
  const moved = (color: Color) =>
    plain.colors[color].map((one) => ({ ...one, servers: one.servers.map((server) => ({ ...server, host: GATEWAY })) }))
  return { ...plain, colors: { blue: moved('blue'), green: moved('green') } }
}
