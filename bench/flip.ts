import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../examples/hello/demo/free-ports.ts'
import type { HaproxyConfig } from '../src/config/types.ts'
import { parseAppName, parseComponentName, parseEnvironmentName, parseJournalId } from '../src/domain/ids.ts'
import type { Topology } from '../src/domain/topology.ts'
import { haproxyEdge } from '../src/drivers/haproxy/edge.ts'
import { generationFolder, layoutOf } from '../src/drivers/haproxy/layout.ts'
import { showProcesses } from '../src/drivers/haproxy/master.ts'
import { systemClock } from '../src/drivers/local/clock.ts'
import { localLiveness } from '../src/drivers/local/liveness.ts'
import { localSharedLock } from '../src/drivers/local/shared-lock.ts'
import { localTransport } from '../src/drivers/local/transport.ts'
import type { Edge } from '../src/ports/edge.ts'
import { type FlipTime, nowMs, startLoad, startServers } from './load/load.ts'
import type { BenchOptions } from './main.ts'
import { manyApps } from './many-apps.ts'
import { runbookWay } from './runbook-way.ts'
import { type Figure, print, ratio, round, spread } from './stats.ts'

const CONNECTIONS = 16
const PAUSE_MS = 15
const ANCHOR = { journal: parseJournalId('00000000-0000-7000-8000-00000000000a'), seq: 1, hash: '0'.repeat(64) }
const APP = parseAppName('bench')
const ENVIRONMENT = parseEnvironmentName('local')

/** The flip under load, beside its floor; the runbook's way beside both; growth; and 500 apps on one edge. */
export async function run({ json, flips, requests }: BenchOptions): Promise<void> {
  const servers = await startServers()
  try {
    print(
      'flip',
      [...(await underLoad(servers, flips, requests)), ...(await runbookWay(servers)), ...(await manyApps(servers))],
      json,
    )
  } finally {
    servers.stop()
  }
}

async function underLoad(servers: Ports, flips: number, requests: number): Promise<readonly Figure[]> {
  const bench = await benchEdge(servers)
  try {
    const { edge, config, generation } = bench
    const layout = layoutOf(config, APP, ENVIRONMENT)
    const transport = localTransport()
    const before = memoryKb(layout.processRecord)
    const load = startLoad(config.bind.port, CONNECTIONS)
    const times: FlipTime[] = []
    const own: number[] = []
    const floor: number[] = []
    for (let index = 0; index < flips || load.answers() < requests; index += 1) {
      const color = index % 2 === 0 ? 'green' : 'blue'
      const begunMs = nowMs()
      await edge.flip({ to: color, fencedBy: generation, anchor: ANCHOR })
      const ackMs = nowMs()
      times.push({ color, begunMs, ackMs })
      own.push(ackMs - begunMs)
      floor.push(await floorOf(transport, layout, generation))
      await systemClock.sleep(PAUSE_MS)
    }
    const { answers, failed, late, reconnects } = await load.stop(times)
    const { oldWorkers } = await showProcesses(transport, layout)
    const grownKb = memoryKb(layout.processRecord) - before
    return [
      ratio('durable, verified flip under load', spread(own), { name: 'floor', spread: spread(floor) }, 2),
      {
        name: 'checked requests',
        value: answers,
        unit: 'requests',
        note: `${times.length} flips, ${CONNECTIONS} keep-alive connections, ${reconnects} reconnects`,
      },
      { name: 'failed', value: failed, unit: 'requests', goal: 0 },
      { name: 'sent after the acknowledgement, answered by the old color', value: late, unit: 'requests', goal: 0 },
      { name: 'extra workers', value: oldWorkers.length, unit: 'workers', goal: 0 },
      { name: 'memory growth of HAProxy (PSS)', value: round(grownKb / 1024), unit: 'MB', goal: 2 },
    ]
  } finally {
    await bench.close()
  }
}

/** What nobody can do without: temporary file, write, fsync, rename, fsync of the folder; one line on the socket; one question to the master. */
async function floorOf(
  transport: ReturnType<typeof localTransport>,
  layout: ReturnType<typeof layoutOf>,
  generation: number,
): Promise<number> {
  const begun = nowMs()
  await transport.writeFileAtomic(join(layout.folder, 'floor.map'), 'bench-local blue::0:1\n', {
    via: generationFolder(layout, generation),
  })
  await transport.askSocket(layout.adminSocket, `get map ${layout.stateMap} ${layout.key}\n`, { timeoutMs: 1_000 })
  await transport.askSocket(layout.masterSocket, 'show proc\n', { timeoutMs: 1_000 })
  return nowMs() - begun
}

export interface Ports {
  readonly blue: number
  readonly green: number
}

export interface BenchEdge {
  readonly edge: Edge
  readonly config: HaproxyConfig
  readonly generation: number
  readonly close: () => Promise<void>
}

export function topologyOf(app: string, { blue, green }: Ports): Topology {
  const component = (color: string, port: number) => [
    {
      name: parseComponentName('web'),
      routes: [{ pathPrefix: '/' }],
      health: { path: '/', timeoutMs: 1_000, release: 'body' as const },
      servers: [{ name: `${app}-local-web-${color}`, host: '127.0.0.1', port }],
    },
  ]
  return {
    app: parseAppName(app),
    environment: ENVIRONMENT,
    colors: { blue: component('blue', blue), green: component('green', green) },
  }
}

export async function benchEdge(servers: Ports): Promise<BenchEdge> {
  const folder = mkdtempSync(join(tmpdir(), 'bf-'))
  const port = await freePort()
  const config: HaproxyConfig = {
    driver: 'haproxy',
    mode: 'managed',
    bind: { host: '127.0.0.1', port },
    publicUrl: '',
    folder,
    binary: 'haproxy',
    configFiles: [],
    masterSocket: null,
    adminSocket: null,
    maintenance: { retryAfterSeconds: 30, healthPaths: [] },
  }
  const edge = haproxyEdge({
    config,
    app: APP,
    environment: ENVIRONMENT,
    transport: localTransport(),
    sharedLock: localSharedLock(folder, systemClock, localLiveness()),
    clock: systemClock,
  })
  await edge.start(topologyOf(APP, servers))
  const { generation } = await edge.fence({ anchor: ANCHOR })
  await untilUp(edge)
  await edge.flip({ to: 'blue', fencedBy: generation, anchor: ANCHOR })
  return {
    edge,
    config,
    generation,
    async close() {
      await edge.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export async function untilUp(edge: Edge): Promise<void> {
  const end = nowMs() + 20_000
  for (;;) {
    const { servers } = await edge.read()
    if ([...servers.blue, ...servers.green].every(({ up }) => up > 0) && servers.blue.length > 0) return
    if (nowMs() > end) throw new Error('the servers did not come up')
    await systemClock.sleep(50)
  }
}

/** PSS of the master and its children. */
function memoryKb(processRecord: string): number {
  const { pid } = JSON.parse(readFileSync(processRecord, 'utf8')) as { readonly pid: number }
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .trim()
    .split(' ')
    .filter((one) => one !== '')
  return [String(pid), ...children].reduce(
    (sum, one) => sum + Number(/^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${one}/smaps_rollup`, 'utf8'))?.[1] ?? 0),
    0,
  )
}
