import type { Sha } from '../domain/ids.ts'
import type { Manifest, ReleaseComponent } from '../domain/release.ts'
import type { Environment } from './environment.ts'
import { releaseFacts } from './observe.ts'

export interface ComponentDiff {
  readonly component: string
  readonly change: 'added' | 'removed' | 'changed' | 'same'
  /** Names of what differs: `artifact`, `command`, `routes`, `health`, `instances`, `environment.NAME`. Never a value. */
  readonly fields: readonly string[]
}

export interface ReleaseDiff {
  readonly from: Sha
  readonly to: Sha
  readonly components: readonly ComponentDiff[]
  readonly migrations: {
    readonly added: readonly string[]
    readonly removed: readonly string[]
    readonly changed: readonly string[]
  }
}

/** What differs between two releases, by their manifests. */
export async function diff(environment: Environment, from: Sha, to: Sha): Promise<ReleaseDiff> {
  const [a, b] = await Promise.all([releaseFacts(environment, from), releaseFacts(environment, to)])
  return diffManifests(a.manifest, b.manifest)
}

export function diffManifests(a: Manifest, b: Manifest): ReleaseDiff {
  const names = [...new Set([...a.components, ...b.components].map(({ name }) => name))].toSorted()
  const component = (manifest: Manifest, name: string) => manifest.components.find((one) => one.name === name)
  return {
    from: a.sha,
    to: b.sha,
    components: names.map((name) => diffComponent(name, component(a, name), component(b, name))),
    migrations: diffMigrations(a.migrations, b.migrations),
  }
}

function diffComponent(
  component: string,
  a: ReleaseComponent | undefined,
  b: ReleaseComponent | undefined,
): ComponentDiff {
  if (a === undefined) return { component, change: 'added', fields: [] }
  if (b === undefined) return { component, change: 'removed', fields: [] }
  const fields = [
    ...(a.artifact.tarSha256 === b.artifact.tarSha256 ? [] : ['artifact']),
    ...(['command', 'routes', 'health', 'instances', 'stopTimeoutMs'] as const).filter((key) => !same(a[key], b[key])),
    ...[...new Set([...Object.keys(a.environment), ...Object.keys(b.environment)])]
      .toSorted()
      .filter((name) => !same(a.environment[name], b.environment[name]))
      .map((name) => `environment.${name}`),
  ]
  return { component, change: fields.length === 0 ? 'same' : 'changed', fields }
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

type Migrations = readonly { readonly name: string; readonly sha256: string }[]

function diffMigrations(a: Migrations, b: Migrations): ReleaseDiff['migrations'] {
  const hashes = new Map(a.map(({ name, sha256 }) => [name, sha256]))
  const names = new Set(b.map(({ name }) => name))
  return {
    added: b.filter(({ name }) => !hashes.has(name)).map(({ name }) => name),
    removed: a.filter(({ name }) => !names.has(name)).map(({ name }) => name),
    changed: b.filter(({ name, sha256 }) => hashes.has(name) && hashes.get(name) !== sha256).map(({ name }) => name),
  }
}
