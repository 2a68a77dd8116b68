import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { HaproxyConfig } from '../src/config/types.ts'
import { NO_TRAFFIC } from '../src/domain/edge-state.ts'
import { parseAppName, parseEnvironmentName, parseJournalId } from '../src/domain/ids.ts'
import { haproxyEdge } from '../src/drivers/haproxy/edge.ts'
import { layoutOf } from '../src/drivers/haproxy/layout.ts'
import { formatNames } from '../src/drivers/haproxy/names-file.ts'
import { renderConfig } from '../src/drivers/haproxy/render.ts'
import { formatStateFile } from '../src/drivers/haproxy/state-file.ts'
import { systemClock } from '../src/drivers/local/clock.ts'
import { localLiveness } from '../src/drivers/local/liveness.ts'
import { localSharedLock } from '../src/drivers/local/shared-lock.ts'
import { localTransport } from '../src/drivers/local/transport.ts'
import type { Edge } from '../src/ports/edge.ts'
import { type Ports, topologyOf, untilUp } from './flip.ts'
import { nowMs } from './load/load.ts'
import { type Figure, ratio, spread } from './stats.ts'

const APPS = 500
const FLIPS = 150
const ENVIRONMENT = parseEnvironmentName('local')
const ANCHOR = { journal: parseJournalId('00000000-0000-7000-8000-00000000000a'), seq: 1, hash: '0'.repeat(64) }

/** One flip among 500 apps on one edge, and on an edge with one, in turn. The other 499 have routes, maps, control sockets and checks of their own. */
export async function manyApps(servers: Ports): Promise<readonly Figure[]> {
  const one = await edgeWith(1, servers)
  try {
    const many = await edgeWith(APPS, servers)
    try {
      const [alone, among]: [number[], number[]] = [[], []]
      for (let index = 0; index < FLIPS; index += 1) {
        alone.push(await timeFlip(one, index))
        among.push(await timeFlip(many, index))
      }
      return [
        ratio(
          `flip of one of ${APPS} apps on an edge`,
          spread(among),
          { name: 'of the only one', spread: spread(alone) },
          1.2,
        ),
      ]
    } finally {
      await many.close()
    }
  } finally {
    await one.close()
  }
}

interface Measured {
  readonly edge: Edge
  readonly generation: number
  readonly close: () => Promise<void>
}

async function timeFlip({ edge, generation }: Measured, index: number): Promise<number> {
  const begun = nowMs()
  await edge.flip({ to: index % 2 === 0 ? 'green' : 'blue', fencedBy: generation, anchor: ANCHOR })
  return nowMs() - begun
}

/** A configuration as an operator would own it, with one file of ours per app. */
async function edgeWith(apps: number, servers: Ports): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), 'bf-'))
  const operators = join(folder, 'operator.cfg')
  const master = join(folder, 'master.sock')
  const admin = join(folder, 'admin.sock')
  writeFileSync(
    operators,
    `global\n  stats socket ${admin} mode 600 level admin\n  nbthread 2\n  maxconn 4000\n  hard-stop-after 60s\n`,
  )
  const configs = Array.from({ length: apps }, (_, index) => configOf(folder, index, operators, master, admin, apps))
  for (const [index, config] of configs.entries()) {
    mkdirSync(config.folder, { recursive: true })
    const layout = layoutOf(config, appName(index), ENVIRONMENT)
    // The others' servers do not listen: their checks cost what checks cost, and nobody answers them.
    const topology = topologyOf(appName(index), index === 0 ? servers : { blue: 1, green: 2 })
    writeFileSync(
      layout.configFile,
      renderConfig({
        layout,
        mode: 'attached',
        bind: config.bind,
        maintenance: config.maintenance,
        topology,
      }).text.replace(/bind 127\.0\.0\.1:\d+/, `bind unix@${config.folder}/p.sock`),
    )
    writeFileSync(layout.stateMap, formatStateFile(layout.key, { state: NO_TRAFFIC, anchor: null }))
    writeFileSync(layout.namesMap, formatNames({ blue: null, green: null, preview: 'x'.repeat(32) }))
  }
  const [config] = configs
  if (config === undefined) throw new Error('no app')
  const transport = localTransport()
  const { pid } = await transport.spawnDetached(
    ['haproxy', '-W', '-S', master, ...config.configFiles.flatMap((file) => ['-f', file])],
    { log: join(folder, 'log') },
  )
  const edge = haproxyEdge({
    config,
    app: appName(0),
    environment: ENVIRONMENT,
    transport,
    sharedLock: localSharedLock(folder, systemClock, localLiveness()),
    clock: systemClock,
  })
  await waitFor(async () => (await edge.read().catch(() => null))?.memory != null)
  await untilUp(edge)
  const { generation } = await edge.fence({ anchor: ANCHOR })
  return {
    edge,
    generation,
    async close() {
      process.kill(pid, 'SIGTERM')
      await waitFor(async () => (await transport.readFile(`/proc/${pid}/stat`)) === null)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function waitFor(condition: () => Promise<boolean>): Promise<void> {
  const end = nowMs() + 30_000
  while (!(await condition())) {
    if (nowMs() > end) throw new Error('it did not come true within 30 s')
    await systemClock.sleep(20)
  }
}

function appName(index: number) {
  return parseAppName(`app${index}`)
}

function configOf(
  folder: string,
  index: number,
  operators: string,
  masterSocket: string,
  adminSocket: string,
  apps: number,
): HaproxyConfig {
  const folderOf = (app: number) => join(folder, `${app}`)
  const files = Array.from({ length: apps }, (_, app) => join(folderOf(app), `backflip-${appName(app)}-local.cfg`))
  return {
    driver: 'haproxy',
    mode: 'attached',
    bind: { host: '127.0.0.1', port: 1 },
    publicUrl: '',
    folder: folderOf(index),
    binary: 'haproxy',
    configFiles: [operators, ...files],
    masterSocket,
    adminSocket,
    maintenance: { retryAfterSeconds: 30, healthPaths: [] },
  }
}
