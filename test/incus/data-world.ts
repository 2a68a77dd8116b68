import { join } from 'node:path'
import type { DataServiceConfig, PostgresConfig } from '../../src/config/types.ts'
import { parseDataServiceName } from '../../src/domain/ids.ts'
import { type IncusClient, incusClient } from '../../src/drivers/incus/client.ts'
import { awaitBoot } from '../../src/drivers/incus/data/await-boot.ts'
import { incusDataService } from '../../src/drivers/incus/data/data-service.ts'
import { execute } from '../../src/drivers/incus/exec.ts'
import { pullFile, pushFile } from '../../src/drivers/incus/files.ts'
import {
  changeState,
  createInstance,
  getInstance,
  type Keys,
  listInstances,
} from '../../src/drivers/incus/instances.ts'
import { type InstanceName, parseInstanceName } from '../../src/drivers/incus/names.ts'
import { systemClock } from '../../src/drivers/local/clock.ts'
import type { DataWorld } from '../contract/data-service.ts'
import { BRIDGE, POOLS } from './bed/bed.ts'
import { mortalClient } from './mortal-client.ts'
import { addressKeys, type Image, type IncusWorld, removeFences, removeInstance } from './world.ts'

export const LIVE = 'data'
const LIVE_HOST = 2
const TEMPLATE = parseInstanceName('template')
const RECORDS = '/srv/records'
const READY_LIMIT_MS = 60_000

/** Debian's own cluster, as its package makes it. */
export const POSTGRES: PostgresConfig = {
  driver: 'postgres',
  database: 'shop',
  role: 'postgres',
  osUser: 'postgres',
  socketFolder: '/var/run/postgresql',
  port: 5432,
  dataFolder: '/var/lib/postgresql/15/main',
  binFolder: null,
  control: {
    start: ['pg_ctlcluster', '15', 'main', 'start'],
    stop: ['pg_ctlcluster', '15', 'main', 'stop', '-m', 'fast'],
  },
  schemaVersionQuery: null,
  pgbackrest: null,
}

export interface DataBed {
  readonly world: IncusWorld
  readonly kind: DataServiceConfig['kind']
  readonly pool: keyof typeof POOLS
}

export function configOf({ kind }: Pick<DataBed, 'kind'>): DataServiceConfig {
  const postgres = kind === 'postgres' ? POSTGRES : null
  return { name: parseDataServiceName('data'), driver: 'incus', kind, instance: LIVE, postgres }
}

/** What each test gets a copy of, stopped: a container with an empty table, or an empty folder. */
export async function prepareTemplate({ world, kind, pool }: DataBed): Promise<void> {
  const { client } = world
  const image: Image = kind === 'postgres' ? 'debian' : 'busybox'
  const name = await world.launch(TEMPLATE, image, 250, { devices: { root: rootIn(pool) } })
  if (kind === 'files') await mustRun(client, name, ['mkdir', '-p', RECORDS])
  else {
    await awaitBoot({ client, instance: name }, systemClock)
    await mustRun(client, name, ['systemctl', 'enable', 'postgresql'])
    await mustRun(client, name, ['pg_ctlcluster', '15', 'main', 'start'])
    await sql(client, name, 'CREATE DATABASE shop', 'postgres')
    await sql(client, name, 'CREATE TABLE records (id int PRIMARY KEY)')
  }
  await changeState(client, name, 'stop')
}

function rootIn(pool: DataBed['pool']): Keys {
  return { type: 'disk', path: '/', pool: POOLS[pool] }
}

export async function makeDataWorld(bed: DataBed): Promise<DataWorld> {
  const { world, kind, pool } = bed
  const { client } = world
  const config = configOf(bed)
  const live = await launchCopy(bed, LIVE, LIVE_HOST)
  const read = kind === 'postgres' ? readRows : readFiles
  const write = kind === 'postgres' ? writeRow : writeFile
  if (kind === 'postgres') await waitUntilReady(bed, LIVE)
  const open = (by: IncusClient) => incusDataService({ client: by, config, clock: systemClock })
  return {
    kind,
    isAtomic: pool === 'btrfs',
    open: (death) => open(death === undefined ? client : mortalClient(client, death)),
    openNowhere: () =>
      open(incusClient({ place: { socket: join(world.folder, 'none.socket') }, project: client.project })),
    async write(id) {
      if (kind === 'postgres') await waitUntilReady(bed, LIVE)
      await write(client, live, id)
    },
    async read(name) {
      if (kind === 'postgres') await waitUntilReady(bed, name)
      return read(client, parseInstanceName(name))
    },
    async seat(name) {
      const { config: keys, devices } = (await getInstance(client, parseInstanceName(name)))?.expanded ?? {}
      const nic = devices?.eth0
      const address = nic?.type === 'nic' ? (nic['ipv4.address'] ?? 'leased') : null
      return { address, startsAtBoot: keys?.['boot.autostart'] === 'true' }
    },
    async addStranger(name) {
      await world.launch(name, 'busybox', 9)
    },
    async instances() {
      const all = await listInstances(client)
      return all
        .map(({ name }) => name)
        .filter((name) => name !== TEMPLATE)
        .toSorted()
    },
    async close() {
      for (const instance of await listInstances(client))
        if (instance.name !== TEMPLATE) await removeInstance(client, instance)
      await removeFences(client)
    },
  }
}

/** Of the template, at an address of its own that no other instance may have, started. */
export async function launchCopy({ world, pool }: DataBed, name: string, host: number): Promise<InstanceName> {
  const address = world.address(host)
  const instance = parseInstanceName(name)
  await createInstance(world.client, {
    name: instance,
    source: { copyOf: TEMPLATE },
    config: { ...addressKeys(address), 'boot.autostart': 'true' },
    devices: {
      root: rootIn(pool),
      eth0: { type: 'nic', network: BRIDGE, name: 'eth0', 'ipv4.address': address },
    },
    start: true,
  })
  return instance
}

export async function waitUntilReady({ world, kind }: Pick<DataBed, 'world' | 'kind'>, name: string): Promise<void> {
  const service = incusDataService({ client: world.client, config: configOf({ kind }), clock: systemClock })
  await service.database(name)?.waitUntilReady(READY_LIMIT_MS)
}

async function writeFile(client: IncusClient, name: InstanceName, id: number): Promise<void> {
  await pushFile(client, name, `${RECORDS}/${id}`, Buffer.from(String(id)))
}

async function readFiles(client: IncusClient, name: InstanceName): Promise<readonly number[]> {
  const view = await pullFile(client, name, RECORDS)
  return view?.type === 'directory' ? view.names.map(Number) : []
}

async function writeRow(client: IncusClient, name: InstanceName, id: number): Promise<void> {
  await sql(client, name, `INSERT INTO records VALUES (${id})`)
}

async function readRows(client: IncusClient, name: InstanceName): Promise<readonly number[]> {
  const text = await sql(client, name, 'SELECT id FROM records ORDER BY id')
  return text.split('\n').filter(Boolean).map(Number)
}

export async function sql(client: IncusClient, name: InstanceName, text: string, database = 'shop'): Promise<string> {
  return mustRun(client, name, [
    'runuser',
    '-u',
    'postgres',
    '--',
    'psql',
    '-qAt',
    '-v',
    'ON_ERROR_STOP=1',
    '-d',
    database,
    '-c',
    text,
  ])
}

export async function mustRun(client: IncusClient, instance: InstanceName, argv: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await execute(client, instance, { argv, timeoutMs: 60_000 })
  if (exitCode !== 0) throw new Error(`${argv.join(' ')}: ${stderr.toString('utf8')}`)
  return stdout.toString('utf8')
}
