import { BackflipError } from '../domain/errors.ts'
import { parseAppName, parseComponentName, parseSha } from '../domain/ids.ts'
import {
  type Artifact,
  artifactsOf,
  type CarriedMigration,
  type EnvironmentValue,
  type HealthCheck,
  type Manifest,
  type Migrate,
  type MigrationFiles,
  type ReleaseComponent,
  type Route,
} from '../domain/release.ts'
import { canonicalJson } from './canonical-json.ts'
import { sha256Hex } from './sha256.ts'

/** By hand and not with the config's validator: a fast rollback reads manifests, and loading that validator costs more than the flip. */

export const MAX_MANIFEST_BYTES = 1024 * 1024
/** Of one release. A history that is longer is squashed, or has no list in the manifest. */
export const MAX_MIGRATIONS = 5_000

export function manifestBytes(manifest: Manifest): string {
  return `${canonicalJson(manifest)}\n`
}

export function manifestDigest(bytes: Uint8Array | string): string {
  return sha256Hex(bytes)
}

/** Error `bad-manifest` (kind `refused`) names the field. Unknown fields are refused too: they may mean something we would ignore. */
export function parseManifest(bytes: Uint8Array | string): Manifest {
  const text = typeof bytes === 'string' ? bytes : new TextDecoder().decode(bytes)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw bad('it is not JSON', cause)
  }
  const root = object(value, 'manifest', [
    'version',
    'app',
    'sha',
    'components',
    'migrate',
    'migrations',
    'migrationFiles',
    'builtBy',
    'builtAt',
  ])
  if (root.version !== 1) throw bad(`its version is ${String(root.version)}, and this backflip knows 1`)
  const manifest: Manifest = {
    version: 1,
    app: parseAppName(string(root.app, 'app')),
    sha: parseSha(string(root.sha, 'sha')),
    components: list(root.components, 'components', 64).map((one, index) => component(one, `components[${index}]`)),
    migrate: root.migrate === null ? null : migrate(root.migrate),
    migrations: list(root.migrations, 'migrations', MAX_MIGRATIONS).map((one, index) =>
      migration(one, `migrations[${index}]`),
    ),
    ...(root.migrationFiles === undefined ? {} : { migrationFiles: migrationFiles(root.migrationFiles) }),
    builtBy: string(root.builtBy, 'builtBy'),
    builtAt: string(root.builtAt, 'builtAt'),
  }
  const names = artifactsOf(manifest).map(({ name }) => name)
  if (manifest.components.length === 0 || new Set(names).size !== names.length)
    throw bad('its components are none, or one is there twice')
  return manifest
}

function component(value: unknown, at: string): ReleaseComponent {
  const one = object(value, at, [
    'name',
    'command',
    'instances',
    'routes',
    'health',
    'environment',
    'stopTimeoutMs',
    'artifact',
  ])
  return {
    name: parseComponentName(string(one.name, `${at}.name`)),
    command: command(one.command, `${at}.command`),
    instances: integer(one.instances, `${at}.instances`, 1, 16),
    routes: list(one.routes, `${at}.routes`, 64).map((route, index) => parseRoute(route, `${at}.routes[${index}]`)),
    health: health(one.health, `${at}.health`),
    environment: environment(one.environment, `${at}.environment`),
    stopTimeoutMs: integer(one.stopTimeoutMs, `${at}.stopTimeoutMs`, 0, 3_600_000),
    artifact: artifact(one.artifact, `${at}.artifact`),
  }
}

function parseRoute(value: unknown, at: string): Route {
  const one = object(value, at, ['pathPrefix', 'host'])
  const pathPrefix = string(one.pathPrefix, `${at}.pathPrefix`)
  return one.host === undefined ? { pathPrefix } : { pathPrefix, host: string(one.host, `${at}.host`) }
}

function health(value: unknown, at: string): HealthCheck {
  const one = object(value, at, ['path', 'timeoutMs', 'release'])
  return {
    path: string(one.path, `${at}.path`),
    timeoutMs: integer(one.timeoutMs, `${at}.timeoutMs`, 1, 600_000),
    release: naming(one.release, `${at}.release`),
  }
}

function naming(value: unknown, at: string): HealthCheck['release'] {
  if (value === 'body') return 'body'
  const one = object(value, at, ['header', 'json'])
  if (typeof one.header === 'string') return { header: one.header }
  return { json: string(one.json, `${at}.json`) }
}

function environment(value: unknown, at: string): ReleaseComponent['environment'] {
  return Object.fromEntries(
    Object.entries(object(value, at, null)).map(([name, one]) => [name, environmentValue(one, `${at}.${name}`)]),
  )
}

function environmentValue(value: unknown, at: string): EnvironmentValue {
  if (typeof value === 'string') return value
  const one = object(value, at, ['env', 'file', 'command'])
  if (typeof one.env === 'string') return { env: one.env }
  if (typeof one.file === 'string') return { file: one.file }
  return { command: command(one.command, `${at}.command`) }
}

function artifact(value: unknown, at: string): Artifact {
  const one = object(value, at, ['file', 'sizeBytes', 'sha256', 'tarSha256'])
  const file = string(one.file, `${at}.file`)
  if (!/^[a-z0-9][a-z0-9._-]{0,200}$/.test(file) || file.includes('..')) throw bad(`${at}.file is no file name`)
  return {
    file,
    sizeBytes: integer(one.sizeBytes, `${at}.sizeBytes`, 0, Number.MAX_SAFE_INTEGER),
    sha256: digest(one.sha256, `${at}.sha256`),
    tarSha256: digest(one.tarSha256, `${at}.tarSha256`),
  }
}

function migrate(value: unknown): Migrate {
  const one = object(value, 'migrate', ['component', 'command', 'check', 'timeoutMs'])
  const base = {
    component: parseComponentName(string(one.component, 'migrate.component')),
    command: command(one.command, 'migrate.command'),
    timeoutMs: integer(one.timeoutMs, 'migrate.timeoutMs', 1, 86_400_000),
  }
  return one.check === undefined ? base : { ...base, check: command(one.check, 'migrate.check') }
}

function migration(value: unknown, at: string): CarriedMigration {
  const one = object(value, at, ['name', 'path', 'sha256'])
  const path = string(one.path, `${at}.path`)
  if (path.startsWith('/') || path.split('/').some((part) => part === '' || part === '.' || part === '..'))
    throw bad(`${at}.path leaves its archive`)
  return { name: string(one.name, `${at}.name`), path, sha256: digest(one.sha256, `${at}.sha256`) }
}

const TRANSACTIONS = ['file', 'statement', 'unknown', null] as const

function migrationFiles(value: unknown): MigrationFiles {
  const one = object(value, 'migrationFiles', ['layout', 'transaction', 'postgres', 'timeZone', 'artifact'])
  const transaction = TRANSACTIONS.find((known) => known === one.transaction)
  if (transaction === undefined) throw bad('migrationFiles.transaction is none that is known')
  return {
    layout: string(one.layout, 'migrationFiles.layout'),
    transaction,
    postgres: integer(one.postgres, 'migrationFiles.postgres', 1, 100),
    timeZone: string(one.timeZone, 'migrationFiles.timeZone'),
    artifact: artifact(one.artifact, 'migrationFiles.artifact'),
  }
}

function object(value: unknown, at: string, keys: readonly string[] | null): { readonly [key: string]: unknown } {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw bad(`${at} is not an object`)
  const unknown = keys === null ? undefined : Object.keys(value).find((key) => !keys.includes(key))
  if (unknown !== undefined) throw bad(`${at} has a field that nobody knows: ${JSON.stringify(unknown)}`)
  return value as { readonly [key: string]: unknown }
}

function list(value: unknown, at: string, max: number): readonly unknown[] {
  if (!Array.isArray(value) || value.length > max) throw bad(`${at} is not a list of at most ${max}`)
  return value
}

function command(value: unknown, at: string): readonly string[] {
  const argv = list(value, at, 256).map((one, index) => string(one, `${at}[${index}]`))
  if (argv.length === 0) throw bad(`${at} is empty`)
  return argv
}

function string(value: unknown, at: string): string {
  if (typeof value !== 'string' || value.includes('\0')) throw bad(`${at} is not a text`)
  return value
}

function integer(value: unknown, at: string, min: number, max: number): number {
  if (!Number.isInteger(value) || (value as number) < min || (value as number) > max)
    throw bad(`${at} is not a whole number from ${min} to ${max}`)
  return value as number
}

function digest(value: unknown, at: string): string {
  const text = string(value, at)
  if (!/^[0-9a-f]{64}$/.test(text)) throw bad(`${at} is not a SHA-256`)
  return text
}

function bad(what: string, cause?: unknown): BackflipError {
  return new BackflipError(`the manifest cannot be used: ${what}`, {
    code: 'bad-manifest',
    kind: 'refused',
    cause,
    hint: 'publish the release again',
  })
}
