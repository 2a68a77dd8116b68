import { dirname, join, resolve } from 'node:path'
import { usageError } from '../domain/errors.ts'
import { parseAppName, parseComponentName, parseEnvironmentName } from '../domain/ids.ts'
import { MIGRATIONS_NAME } from '../domain/release.ts'
import { routeRequest } from '../domain/routing.ts'
import { parseDuration } from '../lib/duration.ts'
import { absolute } from './absolute.ts'
import type { ConfigFile } from './schema.ts'
import { toData, toEdgeTransport, toIncus, toIncusRuntime, toSnapshots } from './to-incus.ts'
import type { ComponentConfig, Config, EnvironmentConfig, HaproxyConfig, MigrationFilesConfig } from './types.ts'

/** From what is written to what is used: durations in milliseconds, absolute paths, branded names, and the rules that span keys. */
export function toConfig(written: ConfigFile, file: string): Config {
  const folder = dirname(resolve(file))
  const components = Object.entries(written.components).map(([name, one]) => toComponent(name, one, folder))
  assertRoutes(components)
  const { migrate } = written
  if (migrate !== undefined && !components.some(({ name }) => name === migrate.component)) {
    throw usageError(`migrate.component names ${JSON.stringify(migrate.component)}, which is no component`, {
      code: 'unknown-component',
      place: { flag: 'migrate.component' },
    })
  }
  return {
    file: resolve(file),
    app: parseAppName(written.app, 'app'),
    components,
    migrate:
      migrate === undefined
        ? null
        : {
            component: parseComponentName(migrate.component),
            command: migrate.command,
            check: migrate.check ?? null,
            timeoutMs: parseDuration(migrate.timeout),
            lockTimeoutMs: parseDuration(migrate.lockTimeout),
            files: toMigrationFiles(migrate, components, folder),
            shadow:
              migrate.shadow === undefined
                ? null
                : 'file' in migrate.shadow
                  ? { file: absolute(folder, migrate.shadow.file) }
                  : migrate.shadow,
          },
    environments: Object.entries(written.environments).map(([name, one]) =>
      toEnvironment(name, one, folder, components),
    ),
  }
}

function toMigrationFiles(
  { files, layout, transaction, postgres, timeZone }: NonNullable<ConfigFile['migrate']>,
  components: readonly ComponentConfig[],
  folder: string,
): MigrationFilesConfig | null {
  if (files === undefined) return null
  if (components.some(({ name }) => name === MIGRATIONS_NAME)) {
    throw usageError(`a component cannot be called ${MIGRATIONS_NAME}: the registry keeps the migrations under it`, {
      code: 'bad-name',
      place: { flag: `components.${MIGRATIONS_NAME}` },
    })
  }
  return {
    folder: absolute(folder, files),
    layout: layout ?? null,
    transaction: transaction ?? null,
    postgres,
    timeZone,
  }
}

function toComponent(name: string, one: ConfigFile['components'][string], folder: string): ComponentConfig {
  return {
    name: parseComponentName(name, `components.${name}`),
    command: one.command,
    instances: one.instances,
    routes: one.routes.map(({ path, host }) =>
      host === undefined ? { pathPrefix: path } : { pathPrefix: path, host },
    ),
    health: { path: one.health.path, timeoutMs: parseDuration(one.health.timeout), release: one.health.release },
    environment: withAbsoluteFiles(one.environment, folder),
    stopTimeoutMs: parseDuration(one.stopTimeout),
  }
}

function withAbsoluteFiles(
  environment: ComponentConfig['environment'],
  folder: string,
): ComponentConfig['environment'] {
  return Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [
      name,
      typeof value === 'object' && 'file' in value ? { file: absolute(folder, value.file) } : value,
    ]),
  )
}

function toEnvironment(
  name: string,
  one: ConfigFile['environments'][string],
  folder: string,
  components: readonly ComponentConfig[],
): EnvironmentConfig {
  const stateFolder = absolute(folder, one.state ?? join('.backflip', name))
  const at = `environments.${name}`
  const { check, verify, drain, registry } = one
  const incus = one.incus === undefined ? null : toIncus(one.incus, `${at}.incus`, folder)
  const edge = toEdge(name, one.edge, folder, stateFolder)
  const edgeTransport = toEdgeTransport(one.edge, `${at}.edge`, folder)
  const data = toData(one.data, `${at}.data`)
  if (incus === null && (one.runtime.driver === 'incus' || edgeTransport.driver === 'incus' || data.length > 0))
    throw usageError(`the environment ${name} uses Incus and does not say where it is`, {
      code: 'no-incus',
      place: { flag: at },
      hint: 'write incus: {socket: …} there',
    })
  return {
    name: parseEnvironmentName(name, `environments.${name}`),
    stateFolder,
    edge,
    edgeTransport,
    incus,
    runtime: toRuntime(one.runtime, `${at}.runtime`, components),
    registry: { driver: 'directory', path: absolute(folder, registry.path) },
    environment: withAbsoluteFiles(one.environment, folder),
    check: {
      consecutive: check.consecutive,
      intervalMs: parseDuration(check.interval),
      limitMs: parseDuration(check.limit),
    },
    verify: {
      bakeMs: parseDuration(verify.bake),
      intervalMs: parseDuration(verify.interval),
      minRequests: verify.minRequests,
      maxErrorRate: verify.maxErrorRate,
    },
    drain: { policy: drain.policy, afterMs: parseDuration(drain.after) },
    standbyKeepMs: one.standby.keepFor === undefined ? null : parseDuration(one.standby.keepFor),
    data,
    snapshots: toSnapshots(one.snapshots),
    retainReleases: one.retain,
    migrations: one.migrations,
    hooksFolder: one.hooks === undefined ? null : absolute(folder, one.hooks),
  }
}

function toRuntime(
  runtime: ConfigFile['environments'][string]['runtime'],
  at: string,
  components: readonly ComponentConfig[],
): EnvironmentConfig['runtime'] {
  if (runtime.driver === 'incus') return toIncusRuntime(runtime, at)
  return { driver: 'process', ports: toPorts(runtime.ports, components, `${at}.ports`) }
}

/** A range that holds both colors of what is configured: known here, and not first when a deploy has begun. */
function toPorts(
  text: string,
  components: readonly ComponentConfig[],
  flag: string,
): { readonly first: number; readonly last: number } {
  const [first = 0, last = 0] = text.split('-').map(Number)
  const bad = (message: string) => usageError(message, { code: 'bad-ports', place: { flag } })
  if (first < 1024 || last > 65_535 || first >= last) throw bad(`the ports ${text} are no range from 1024 to 65535`)
  const needed = 2 * components.reduce((sum, { instances }) => sum + instances, 0)
  const width = last - first + 1
  if (width < needed) throw bad(`${text} is ${width} ports, and both colors need ${needed}`)
  return { first, last }
}

function toEdge(
  name: string,
  edge: ConfigFile['environments'][string]['edge'],
  folder: string,
  stateFolder: string,
): HaproxyConfig {
  const at = `environments.${name}.edge`
  const colon = edge.bind.lastIndexOf(':')
  const bind = { host: edge.bind.slice(0, colon), port: Number(edge.bind.slice(colon + 1)) }
  if (bind.port < 1 || bind.port > 65_535)
    throw usageError(`${edge.bind} names no port`, { code: 'bad-bind', place: { flag: `${at}.bind` } })
  if (edge.mode === 'attached' && (edge.masterSocket === undefined || edge.adminSocket === undefined)) {
    throw usageError('an attached edge needs masterSocket and adminSocket', {
      code: 'missing-socket',
      place: { flag: at },
    })
  }
  const host = bind.host === '*' || bind.host === '0.0.0.0' ? '127.0.0.1' : bind.host
  return {
    driver: 'haproxy',
    mode: edge.mode,
    bind,
    publicUrl: edge.public ?? `http://${host}:${bind.port}`,
    folder: edge.folder === undefined ? join(stateFolder, 'edge') : absolute(folder, edge.folder),
    binary: edge.binary,
    configFiles: edge.configFiles.map((one) => absolute(folder, one)),
    masterSocket: edge.masterSocket === undefined ? null : absolute(folder, edge.masterSocket),
    adminSocket: edge.adminSocket === undefined ? null : absolute(folder, edge.adminSocket),
    maintenance: {
      retryAfterSeconds: Math.ceil(parseDuration(edge.maintenance.retryAfter) / 1_000),
      healthPaths: edge.maintenance.healthPaths,
    },
  }
}

/** One request, one component; and a health path that the public can ask, or nobody could ever say "deployed" (I4). */
function assertRoutes(components: readonly ComponentConfig[]): void {
  const seen = new Map<string, string>()
  for (const { name, routes, health } of components) {
    for (const { pathPrefix, host } of routes) {
      const key = `${host ?? '*'} ${pathPrefix}`
      const other = seen.get(key)
      if (other !== undefined)
        throw usageError(`${name} and ${other} both have the route ${pathPrefix}`, {
          code: 'duplicate-route',
          place: { flag: `components.${name}.routes` },
        })
      seen.set(key, name)
    }
    const reached = routes.some(({ host }) => routeRequest(components, health.path, host)?.component === name)
    if (routes.length > 0 && !reached) {
      throw usageError(
        `the health path ${health.path} of ${name} is not below its own routes, so nobody could ask it from outside`,
        {
          code: 'unprobeable',
          place: { flag: `components.${name}.health.path` },
        },
      )
    }
  }
}
