import { isAbsolute } from 'node:path'
import { usageError } from '../domain/errors.ts'
import { parseDataServiceName } from '../domain/ids.ts'
import { parseDuration } from '../lib/duration.ts'
import { absolute } from './absolute.ts'
import type { ConfigFile } from './schema.ts'
import type {
  DataServiceConfig,
  EdgeTransportConfig,
  EnvironmentConfig,
  IncusConfig,
  IncusRuntimeConfig,
  PostgresConfig,
} from './types.ts'

type Written = ConfigFile['environments'][string]

/** Parts of an environment that live on Incus. `at` is where they stand, for errors. */
export function toIncus(written: NonNullable<Written['incus']>, at: string, folder: string): IncusConfig {
  const { socket, url, fingerprint, certificate, key, project } = written
  if ((socket === undefined) === (url === undefined))
    throw usageError('Incus is reached by a socket or by a url: exactly one of the two', {
      code: 'bad-incus',
      place: { flag: at },
    })
  if (socket !== undefined) return { place: { socket: absolute(folder, socket) }, project }
  if (url === undefined || fingerprint === undefined || certificate === undefined || key === undefined)
    throw usageError('an Incus by url needs fingerprint, certificate and key', {
      code: 'bad-incus',
      place: { flag: at },
    })
  const { hostname, port } = new URL(url)
  return {
    place: {
      host: hostname,
      port: port === '' ? 8443 : Number(port),
      fingerprint: fingerprint.replaceAll(':', '').toLowerCase(),
      certificateFile: absolute(folder, certificate),
      keyFile: absolute(folder, key),
    },
    project,
  }
}

/** Of an edge in a container, with what has to be said when its paths are not this host's. */
export function toEdgeTransport(edge: Written['edge'], at: string, folder: string): EdgeTransportConfig {
  const { transport } = edge
  if (transport.driver === 'local') return transport
  assertSaid(edge, at)
  const { instance, sharedFolder } = transport
  return {
    driver: 'incus',
    instance,
    sharedFolder: sharedFolder === undefined ? null : absolute(folder, sharedFolder),
  }
}

function assertSaid(edge: Written['edge'], at: string): void {
  const refuse = (key: string, why: string) => {
    throw usageError(`an edge in a container needs ${key}: ${why}`, {
      code: 'edge-in-container',
      place: { flag: `${at}.${key.split(' ')[0] ?? key}` },
    })
  }
  if (edge.mode !== 'attached') refuse('mode attached', 'its HAProxy is run by the container’s own service manager')
  if (edge.public === undefined) refuse('public', 'its address is not this host’s')
  if (edge.folder === undefined) refuse('folder', 'a folder of the container')
  const paths = [edge.folder, edge.masterSocket, edge.adminSocket, ...edge.configFiles]
  const relative = paths.find((path) => path !== undefined && !isAbsolute(path))
  if (relative !== undefined) refuse('absolute paths', `${relative} is a path in the container`)
}

export function toIncusRuntime(
  written: Extract<Written['runtime'], { driver: 'incus' }>,
  at: string,
): IncusRuntimeConfig {
  const { image, profiles, name, port, addresses, network, folder, service, user, limits, targets } = written
  for (const needed of ['{component}', '{color}']) {
    if (!name.includes(needed))
      throw usageError(`the name of containers needs ${needed}, or two would be called the same`, {
        code: 'bad-name-pattern',
        place: { flag: `${at}.name` },
      })
  }
  if (service === 'script' && user !== 'root')
    throw usageError(`an image's own supervisor runs a service as root, and user says ${user}`, {
      code: 'script-as-root',
      place: { flag: `${at}.user` },
      hint: 'write service: systemd, or leave user out',
    })
  return {
    driver: 'incus',
    image,
    profiles,
    namePattern: name,
    port,
    addresses: toAddresses(addresses, network !== undefined, at),
    network: network ?? null,
    folder,
    service,
    user,
    limits,
    targets,
  }
}

type WrittenAddresses = Extract<Written['runtime'], { driver: 'incus' }>['addresses']

function toAddresses(written: WrittenAddresses, hasNetwork: boolean, at: string): IncusRuntimeConfig['addresses'] {
  if (written === undefined)
    throw usageError('the runtime on Incus needs addresses: the edge must know an address before its container runs', {
      code: 'no-addresses',
      place: { flag: `${at}.addresses` },
      hint: 'addresses: {range: FIRST-LAST}, and network: {name: …} that leases them; or with a gateway',
    })
  const { range, gateway, prefix } = written
  const [first = '', last = ''] = range.split('-')
  assertRange(`${at}.addresses`, [first, last], gateway)
  if (gateway !== undefined) return { first, last, static: { gateway, prefix: prefix ?? 24 } }
  if (prefix !== undefined)
    throw usageError('a prefix without a gateway says nothing: the network leases the address with both', {
      code: 'bad-addresses',
      place: { flag: `${at}.addresses.prefix` },
    })
  if (hasNetwork) return { first, last, static: null }
  throw usageError('addresses without a gateway are leased by a network of Incus, and none is named', {
    code: 'no-network',
    place: { flag: `${at}.network` },
    hint: 'network: {name: …}, as incus network list has it; or addresses with a gateway',
  })
}

function assertRange(at: string, range: readonly [string, string], gateway: string | undefined): void {
  const [first, last] = [toNumber(range[0]), toNumber(range[1])]
  const way = gateway === undefined ? -1 : toNumber(gateway)
  if (first < last && (way < first || way > last)) return
  const beside = gateway === undefined ? '' : ` beside the gateway ${gateway}`
  throw usageError(`${range.join('-')} is no range of IPv4 addresses${beside}`, {
    code: 'bad-addresses',
    place: { flag: at },
  })
}

/** NaN, which is neither smaller nor greater, when it is no IPv4 address. */
function toNumber(address: string): number {
  const parts = address.split('.').map(Number)
  return parts.every((part) => part <= 255) ? parts.reduce((sum, part) => sum * 256 + part, 0) : Number.NaN
}

export function toData(written: Written['data'], at: string): readonly DataServiceConfig[] {
  return Object.entries(written).map(([name, one]) => ({
    name: parseDataServiceName(name, `${at}.${name}`),
    driver: one.driver,
    kind: one.kind,
    instance: one.instance,
    postgres: one.kind === 'postgres' ? toPostgres(one, `${at}.${name}`) : null,
  }))
}

function toPostgres(one: Written['data'][string], at: string): PostgresConfig {
  const { database, role, user, socketFolder, port, dataFolder, binFolder, control, schemaVersionQuery } = one
  if (database === undefined || dataFolder === undefined)
    throw usageError('a PostgreSQL service needs database and dataFolder', { code: 'no-database', place: { flag: at } })
  return {
    driver: 'postgres',
    database,
    role,
    osUser: user,
    socketFolder,
    port,
    dataFolder,
    binFolder: binFolder ?? null,
    control: control ?? null,
    schemaVersionQuery: schemaVersionQuery ?? null,
    pgbackrest:
      one.pgbackrest === undefined
        ? null
        : { stanza: one.pgbackrest.stanza, configFile: one.pgbackrest.configFile ?? null },
  }
}

export function toSnapshots(written: Written['snapshots']): EnvironmentConfig['snapshots'] {
  const { keep, minFree, allowStop, verify, keepReplaced } = written
  return {
    keepMs: parseDuration(keep),
    minFreeBytes: Number.parseInt(minFree, 10) * (minFree.endsWith('GiB') ? 1024 ** 3 : 1024 ** 2),
    allowStop,
    verify,
    keepReplacedMs: parseDuration(keepReplaced),
  }
}
