import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from '../../examples/hello/demo/free-ports.ts'
import { compose } from '../../src/compose.ts'
import { chooseEnvironment, loadConfig } from '../../src/config/load.ts'
import { type InstanceName, parseInstanceName } from '../../src/drivers/incus/names.ts'
import { incusTransport } from '../../src/drivers/incus/transport.ts'
import { httpGet } from '../../src/lib/http-get.ts'
import type { Environment } from '../../src/operations/environment.ts'
import { requireHaproxy } from '../edge/world.ts'
import { BRIDGE, GATEWAY, PREFIX_LENGTH, socketOf } from './bed/bed.ts'
import { IMAGES } from './bed/import-images.ts'
import {
  type DataBed,
  LIVE,
  launchCopy,
  mustRun,
  POSTGRES,
  prepareTemplate,
  sql,
  waitUntilReady,
} from './data-world.ts'
import { FOLDER, MASTER, OPERATORS, startHaproxy } from './edge-world.ts'
import { emptyProject, type Image, type IncusWorld, incusWorld } from './world.ts'

const PROGRAM = fileURLToPath(new URL('../../bin/backflip.js', import.meta.url))
const LIMIT_MS = 180_000
export const EDGE = 'edge'
const MAX_TRIES = 300
const EDGE_HOST = 3
export const [R1, R2, R3, R4] = ['1', '2', '3', '4'].map((digit) => digit.repeat(40)) as [
  string,
  string,
  string,
  string,
]

const server = (migration: string, sha: string) => `#!/bin/sh
set -eu
if [ "\${1:-}" = migrate ]; then
${migration}
exit 0
fi
mkdir -p /tmp/www
echo "{\\"sha\\": \\"$BACKFLIP_SHA\\"}" >/tmp/www/index.html
exec busybox httpd -f -p "$PORT" -h /tmp/www
# ${sha}
`

const DATABASE = [
  'kind: postgres, database: shop',
  `dataFolder: ${POSTGRES.dataFolder}`,
  'control: { start: [pg_ctlcluster, "15", main, start], stop: [pg_ctlcluster, "15", main, stop, -m, fast] }',
].join(', ')

export interface Ended {
  readonly exitCode: number | null
  readonly out: string
  readonly err: string
}

/** One transaction after the other until told to stop. */
export interface Writer {
  readonly acknowledged: readonly number[]
  readonly refused: () => number
  /** Waits until so many were acknowledged. */
  readonly reached: (count: number) => Promise<void>
  readonly stop: () => Promise<void>
}

/** A shop by the command line on a real Incus: HAProxy on this host, a container a color, PostgreSQL in one beside them. */
export interface ShopWorld {
  readonly world: IncusWorld
  readonly live: InstanceName
  readonly folder: string
  readonly backflip: (...args: readonly string[]) => Promise<Ended>
  /** Throws when it does not end with 0. */
  readonly must: (...args: readonly string[]) => Promise<Ended>
  /** What users get: the SHA that the application itself names. */
  readonly served: () => Promise<{ readonly status: number; readonly sha: string | null }>
  readonly publish: (...shas: readonly string[]) => Promise<void>
  /** One release whose `server.sh migrate` does this, in sh; BACKFLIP_SHA is set. */
  readonly publishMigrating: (sha: string, migration: string) => Promise<void>
  /** The app's own role: no superuser, so that it can be kept away. */
  readonly write: (ids: readonly number[]) => Promise<void>
  readonly writer: (first: number) => Writer
  readonly rows: (where?: string) => Promise<readonly number[]>
  readonly within: <T>(work: (environment: Environment) => Promise<T>) => Promise<T>
  /** `last` removes what the world does not know of, such as a pool, once no container is left. */
  readonly end: (last?: () => Promise<void>) => Promise<void>
}

export interface ShopAsk {
  /** Default: a database on the pool that snapshots at one moment. `filesOn`: plain files in a small container, on the pool that is made. */
  readonly data?: 'postgres' | { readonly filesOn: (world: IncusWorld) => Promise<string> }
  /** Where HAProxy runs: by us on this host (default), or by the operator in a container that the daemon reaches for us. */
  readonly edge?: 'here' | 'container'
  /** Of the components. Default busybox; Debian has PostgreSQL's client. */
  readonly image?: Image
  /** More keys of the data service. */
  readonly database?: string
  /** More lines of the environment, as YAML without indentation. */
  readonly environment?: readonly string[]
  /** More lines of the file. */
  readonly app?: readonly string[]
}

export async function shopWorld(ask: ShopAsk = {}): Promise<ShopWorld> {
  requireHaproxy()
  const world = await incusWorld()
  const live = await startData(world, ask.data ?? 'postgres')
  const folder = join(world.folder, 'project')
  const { url, lines } = await startEdge(world, ask.edge ?? 'here')
  mkdirSync(join(folder, 'app'), { recursive: true })
  writeFileSync(join(folder, 'backflip.yaml'), configuration(world, lines, ask))
  const backflip = (...args: readonly string[]) => run(folder, args)
  const must = async (...args: readonly string[]) => {
    const ended = await backflip(...args)
    if (ended.exitCode === 0) return ended
    throw new Error(`${args.join(' ')} ended with ${ended.exitCode}:\n${ended.out}${ended.err}`)
  }
  const write = async (ids: readonly number[]) => {
    const values = ids.map((id) => `(${id})`).join(', ')
    const argv = ['runuser', '-u', 'postgres', '--', 'psql', '-qAt', '-h', '127.0.0.1', '-U', 'app', '-d', 'shop']
    await mustRun(world.client, live, [...argv, '-c', `INSERT INTO records VALUES ${values}`])
  }
  const publish = async (sha: string, migration: string) => {
    writeFileSync(join(folder, 'app', 'server.sh'), server(migration, sha))
    chmodSync(join(folder, 'app', 'server.sh'), 0o755)
    await must('publish', '--sha', sha, 'web=app')
  }
  return {
    world,
    live,
    folder,
    backflip,
    must,
    write,
    writer: (first) => startWriter(write, first),
    async served() {
      const { status, body } = await httpGet({
        url: `${url}/index.html`,
        headers: {},
        timeoutMs: 2_000,
      })
      return { status, sha: status === 200 ? (JSON.parse(body) as { sha: string }).sha : null }
    },
    async publish(...shas) {
      for (const sha of shas) await publish(sha, ':')
    },
    publishMigrating: publish,
    rows: async (where = 'true') =>
      (await sql(world.client, live, `SELECT id FROM records WHERE ${where} ORDER BY id`))
        .split('\n')
        .filter(Boolean)
        .map(Number),
    async within(work) {
      const config = await loadConfig(join(folder, 'backflip.yaml'))
      const environment = await compose(config, await chooseEnvironment(config, null), 'test')
      try {
        return await work(environment)
      } finally {
        await environment.journal.close()
      }
    },
    async end(last = async () => undefined) {
      await backflip('down', '--yes')
      await emptyProject(world.client)
      await last()
      await world.end()
    },
  }
}

async function startData(world: IncusWorld, data: NonNullable<ShopAsk['data']>): Promise<InstanceName> {
  if (data === 'postgres') return startDatabase({ world, kind: 'postgres', pool: 'btrfs' })
  const devices = { root: { type: 'disk', path: '/', pool: await data.filesOn(world) } }
  return world.launch(LIVE, 'busybox', 2, { devices })
}

/** Where users ask, and what the configuration says of it. */
async function startEdge(
  world: IncusWorld,
  where: 'here' | 'container',
): Promise<{ readonly url: string; readonly lines: readonly string[] }> {
  const maintenance = 'maintenance: { retryAfter: 7s, healthPaths: [/healthz] }'
  if (where === 'here') {
    const bind = `127.0.0.1:${await freePort()}`
    return { url: `http://${bind}`, lines: [`edge: { bind: "${bind}", ${maintenance} }`] }
  }
  const instance = await world.launch(EDGE, 'debian', EDGE_HOST)
  const ours = `${FOLDER}/backflip-shop-staging.cfg`
  await startHaproxy(incusTransport({ client: world.client, instance }), ours)
  await mustRun(world.client, instance, ['systemctl', 'enable', 'haproxy'])
  const url = `http://${world.address(EDGE_HOST)}:8000`
  const edge = [
    'mode: attached, bind: "*:8000"',
    `public: "${url}"`,
    `folder: ${FOLDER}`,
    `configFiles: [${OPERATORS}, ${ours}]`,
    `masterSocket: ${MASTER}, adminSocket: /run/haproxy/admin.sock`,
    `transport: { driver: incus, instance: ${EDGE} }`,
    maintenance,
  ]
  return { url, lines: [`edge: { ${edge.join(', ')} }`] }
}

/** With a role for the app, as its guide says: no superuser. */
async function startDatabase(bed: DataBed): Promise<InstanceName> {
  const { client } = bed.world
  const live = parseInstanceName(LIVE)
  await prepareTemplate(bed)
  await launchCopy(bed, LIVE, 2)
  await waitUntilReady(bed, LIVE)
  await sql(client, live, 'CREATE ROLE app LOGIN; GRANT ALL ON records TO app')
  const access = ['sed', '-i', '1i host shop app 127.0.0.1/32 trust', '/etc/postgresql/15/main/pg_hba.conf']
  await mustRun(client, live, access)
  // As the guide says: without it the log is thrown away between a snapshot and the question what was written since.
  await sql(client, live, "ALTER SYSTEM SET wal_keep_size = '256MB'")
  await sql(client, live, 'SELECT pg_reload_conf()')
  return live
}

function configuration(world: IncusWorld, edge: readonly string[], ask: ShopAsk): string {
  const { app = [], environment = [], data = 'postgres', image = 'busybox', database = '' } = ask
  const range = `${world.address(50)}-${world.address(60)}`
  return `app: shop
components:
  web: { command: [./server.sh], routes: [{ path: / }], health: { path: /index.html }, stopTimeout: 2s }
${app.map((line) => `${line}\n`).join('')}environments:
  staging:
    incus: { socket: ${socketOf(world.bed)}, project: ${world.client.project} }
${edge.map((line) => `    ${line}\n`).join('')}    runtime:
      driver: incus
      image: ${IMAGES[image]}
      service: ${image === 'busybox' ? 'script' : 'systemd'}
      port: 8000
      addresses: { range: ${range}, gateway: ${GATEWAY}, prefix: ${PREFIX_LENGTH} }
      network: { name: ${BRIDGE} }
    registry: { path: ./registry }
    check: { consecutive: 1, interval: 50ms, limit: 20s }
    verify: { bake: "0" }
    data:
      db: { ${data === 'postgres' ? DATABASE + database : 'kind: files'}, instance: ${LIVE} }
${environment.map((line) => `    ${line}\n`).join('')}`
}

function run(folder: string, args: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LIMIT_MS,
  })
  let [out, err] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString('utf8')))
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString('utf8')))
  return new Promise((resolve) => child.once('close', (exitCode) => resolve({ exitCode, out, err })))
}

function startWriter(write: ShopWorld['write'], first: number): Writer {
  const acknowledged: number[] = []
  let isOver = false
  let refused = 0
  const work = (async () => {
    for (let id = first; !isOver; id += 1) {
      try {
        await write([id])
        acknowledged.push(id)
      } catch {
        refused += 1
        await new Promise((done) => setTimeout(done, 100))
      }
    }
  })()
  return {
    acknowledged,
    refused: () => refused,
    async reached(count) {
      for (let tries = 0; acknowledged.length < count; tries += 1) {
        if (tries > MAX_TRIES) throw new Error(`${acknowledged.length} commits acknowledged, ${refused} refused`)
        await new Promise((done) => setTimeout(done, 100))
      }
    },
    async stop() {
      isOver = true
      await work
    },
  }
}
