import type { AppName, ComponentName, Sha } from './ids.ts'

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

/** One release: a git SHA and everything needed to run it again, byte for byte. */
export interface Manifest {
  readonly version: 1
  readonly app: AppName
  readonly sha: Sha
  readonly components: readonly ReleaseComponent[]
  readonly migrate: Migrate | null
  /** Names of the migrations the release carries, oldest first, each with its SHA-256. */
  readonly migrations: readonly { readonly name: string; readonly sha256: string }[]
  readonly builtBy: string
  /** ISO 8601, UTC. */
  readonly builtAt: string
}
