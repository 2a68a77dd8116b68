import { type AppName, type ComponentName, parseComponentName, type Sha } from './ids.ts'

/** A secret is a reference in the config and in a manifest; its value is read only where an instance starts. */
export type SecretReference =
  | { readonly env: string }
  | { readonly file: string }
  | { readonly command: readonly string[] }

export type EnvironmentValue = string | SecretReference

/** How to ask an instance whether it is well, and where its answer names its own release. */
export interface HealthCheck {
  /** Path of a GET that answers 200 when the instance is well. */
  readonly path: string
  readonly timeoutMs: number
  /** Where the answer names the SHA: a response header, a top-level key of a JSON body, or anywhere in the body. */
  readonly release: { readonly header: string } | { readonly json: string } | 'body'
}

/** Which public requests are a component's. The longest path prefix wins; a host, when given, must match too. */
export interface Route {
  readonly pathPrefix: string
  readonly host?: string
}

/** What a release says of one component: belongs to the release, so a rollback gets that release's own, not today's. */
export interface ReleaseComponent {
  readonly name: ComponentName
  readonly command: readonly string[]
  readonly instances: number
  readonly routes: readonly Route[]
  readonly health: HealthCheck
  readonly environment: { readonly [name: string]: EnvironmentValue }
  readonly stopTimeoutMs: number
  readonly artifact: Artifact
}

export interface Artifact {
  /** File name in the registry: `<app>-<component>-<sha>.tar.zst`. */
  readonly file: string
  readonly sizeBytes: number
  /** 64 hex digits over the file. */
  readonly sha256: string
  /** 64 hex digits over the uncompressed tar, so that a change of compressor is not taken for tampering. */
  readonly tarSha256: string
}

export interface Migrate {
  readonly component: ComponentName
  readonly command: readonly string[]
  /** Exits 0 when everything is applied, 1 when something is pending: how an unknown outcome is read again. */
  readonly check?: readonly string[]
  readonly timeoutMs: number
}

/** One migration that a release carries. */
export interface CarriedMigration {
  /** As its runner records it. */
  readonly name: string
  /** In the archive of the release's migrations, with `/`. */
  readonly path: string
  /** Of the file's bytes, 64 hex digits. */
  readonly sha256: string
}

/** How a release's migrations are laid out and sent, and the archive that holds their texts and their inverses. */
export interface MigrationFiles {
  /** Name of the runner whose layout it is (`migrations/layout/layouts.ts`). */
  readonly layout: string
  /** How the runner sends a file; null: as the layout says. */
  readonly transaction: 'file' | 'statement' | 'unknown' | null
  /** Major version of the server that they are meant for. */
  readonly postgres: number
  /** Of the migrating session. */
  readonly timeZone: string
  readonly artifact: Artifact
}

/** One release: a git SHA and everything needed to run it again, byte for byte. */
export interface Manifest {
  readonly version: 1
  readonly app: AppName
  readonly sha: Sha
  readonly components: readonly ReleaseComponent[]
  readonly migrate: Migrate | null
  /** The migrations that the release carries, in the order in which its runner applies them. */
  readonly migrations: readonly CarriedMigration[]
  /** Left out when nothing said where the migrations are: then nobody knows which there are. */
  readonly migrationFiles?: MigrationFiles
  readonly builtBy: string
  /** ISO 8601, UTC. */
  readonly builtAt: string
}

/** Under this name the archive of the migrations stands in a registry, beside those of the components: none of them may be called so. */
export const MIGRATIONS_NAME = parseComponentName('migrations')

/** Every file of a release in a registry. */
export function artifactsOf({
  components,
  migrationFiles,
}: Manifest): readonly { readonly name: ComponentName; readonly artifact: Artifact }[] {
  const own = components.map(({ name, artifact }) => ({ name, artifact }))
  return migrationFiles === undefined ? own : [...own, { name: MIGRATIONS_NAME, artifact: migrationFiles.artifact }]
}
