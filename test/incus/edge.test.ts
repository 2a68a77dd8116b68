import { mkdirSync } from 'node:fs'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { HaproxyConfig } from '../../src/config/types.ts'
import { COLORS, type Color } from '../../src/domain/color.ts'
import { parseJournalId } from '../../src/domain/ids.ts'
import { haproxyEdge } from '../../src/drivers/haproxy/edge.ts'
import { parseInstanceName } from '../../src/drivers/incus/names.ts'
import { sharedFolderTransport } from '../../src/drivers/incus/shared-folder.ts'
import { incusTransport } from '../../src/drivers/incus/transport.ts'
import { systemClock } from '../../src/drivers/local/clock.ts'
import { localLiveness } from '../../src/drivers/local/liveness.ts'
import { localSharedLock } from '../../src/drivers/local/shared-lock.ts'
import { localTransport } from '../../src/drivers/local/transport.ts'
import type { Transport } from '../../src/ports/transport.ts'
import { colorServer, topologyOf, until } from '../edge/world.ts'
import { APP, ENVIRONMENT } from '../fakes/history.ts'
import { GATEWAY } from './bed/bed.ts'
import { killDaemon, startDaemon } from './bed/daemon.ts'
import { httpText } from './http-text.ts'
import { type IncusWorld, incusWorld } from './world.ts'

const PORT = 8000
const FOLDER = '/srv/backflip'
const MASTER = '/run/haproxy-master.sock'
const OURS = `${FOLDER}/backflip-${APP}-${ENVIRONMENT}.cfg`
/** Debian's own file, which its service starts HAProxy with. */
const OPERATORS = '/etc/haproxy/haproxy.cfg'
const anchor = { journal: parseJournalId('00000000-0000-7000-8000-00000000000a'), seq: 1, hash: '0'.repeat(64) }

const world: IncusWorld = await incusWorld()
const instance = parseInstanceName('edge')
const inside = incusTransport({ client: world.client, instance })
const host = join(world.folder, 'edge')
const ways: readonly (readonly [string, Transport])[] = [
  ['through the daemon alone', inside],
  ['with a shared folder', sharedFolderTransport({ host, container: FOLDER }, { here: localTransport(), inside })],
]
const config: HaproxyConfig = {
  driver: 'haproxy',
  mode: 'attached',
  bind: { host: '*', port: PORT },
  publicUrl: `http://${world.address(2)}:${PORT}`,
  folder: FOLDER,
  binary: 'haproxy',
  configFiles: [OPERATORS, OURS],
  masterSocket: MASTER,
  adminSocket: '/run/haproxy/admin.sock',
  maintenance: { retryAfterSeconds: 30, healthPaths: [] },
}
const servers: Record<Color, Server> = { blue: colorServer('blue'), green: colorServer('green') }

/** What the operator does once: HAProxy as the container's own service, started with our file beside theirs. */
beforeAll(async () => {
  mkdirSync(host)
  const devices = { shared: { type: 'disk', source: host, path: FOLDER, shift: 'true' } }
  await world.launch('edge', 'debian', 2, { devices })
  await inside.writeFileAtomic('/etc/default/haproxy', `EXTRAOPTS="-S ${MASTER} -f ${OURS}"\n`, { mode: 0o644 })
  await inside.writeFileAtomic(OURS, '')
  const operators = `global
  stats socket /run/haproxy/admin.sock mode 600 level admin
  hard-stop-after 5s
frontend operators-own
  mode http
  timeout client 1s
  bind 127.0.0.1:9
`
  await inside.writeFileAtomic(OPERATORS, operators, { mode: 0o644 })
  const started = await inside.run(['systemctl', 'start', 'haproxy'], { timeoutMs: 20_000 })
  if (started.exitCode !== 0) throw new Error(started.stderr)
  for (const color of COLORS) await new Promise<void>((resolve) => servers[color].listen(0, GATEWAY, resolve))
})
afterAll(async () => {
  for (const color of COLORS) servers[color].close()
  await world.end()
})

const edgeBy = (transport: Transport) =>
  haproxyEdge({
    config,
    app: APP,
    environment: ENVIRONMENT,
    transport,
    sharedLock: localSharedLock(world.folder, systemClock, localLiveness()),
    clock: systemClock,
  })
const port = (color: Color) => (servers[color].address() as AddressInfo).port
const topology = () => {
  const plain = topologyOf({ blue: port('blue'), green: port('green') })
  const moved = (color: Color) =>
    plain.colors[color].map((one) => ({ ...one, servers: one.servers.map((server) => ({ ...server, host: GATEWAY })) }))
  return { ...plain, colors: { blue: moved('blue'), green: moved('green') } }
}
const served = async () => (await httpText(config.publicUrl)).trim()

describe.each(ways)('an edge in a container, %s', (_name, transport) => {
  const edge = edgeBy(transport)

  it('takes our file into what the operator runs, flips, and agrees with itself', async () => {
    const { generation } = await edge.fence({ anchor })
    await edge.apply({ topology: topology(), fencedBy: generation })
    await until(async () => (await edge.read()).servers.green.every(({ up }) => up > 0))
    for (const to of ['blue', 'green', 'blue'] as const) {
      await edge.flip({ to, fencedBy: generation, anchor })
      expect(await served()).toContain(to)
      const view = await edge.read()
      expect({ memory: view.memory?.live, file: view.file?.live }).toEqual({ memory: to, file: to })
    }
  })

  it('I7: refuses a writer of an older generation, in files and in memory', async () => {
    const old = (await edge.fence({ anchor })).generation
    const { generation } = await edge.fence({ anchor })
    await expect(edge.flip({ to: 'green', fencedBy: old, anchor })).rejects.toMatchObject({ code: 'fenced' })
    expect(await served()).toContain('blue')
    await edge.flip({ to: 'green', fencedBy: generation, anchor })
    expect(await served()).toContain('green')
    await edge.flip({ to: 'blue', fencedBy: generation, anchor })
  })
})

describe('I1: when the daemon is dead', () => {
  it('traffic stays where it is, the edge is unknown rather than down, and a flip goes on afterwards', async () => {
    const edge = edgeBy(inside)
    const { generation } = await edge.fence({ anchor })
    await killDaemon(world.bed)
    await expect(edge.read()).rejects.toMatchObject({
      code: expect.stringMatching(/^(edge-unknown|incus-down)$/) as string,
    })
    await expect(edge.flip({ to: 'green', fencedBy: generation, anchor })).rejects.toThrow(/./)
    expect(await served()).toContain('blue')
    await startDaemon(world.bed)
    await edge.flip({ to: 'green', fencedBy: generation, anchor })
    expect(await served()).toContain('green')
  })
})
