import type { AppName, ComponentName, EnvironmentName } from '../domain/ids.ts'
import type { PlanSettings } from '../domain/plan/facts.ts'
import type { ReleaseComponent } from '../domain/release.ts'

/** `backflip.yaml` after parsing: durations in milliseconds, paths absolute, defaults filled in, names branded. */
export interface Config {
  /** Absolute path of the file. */
  readonly file: string
  readonly app: AppName
  readonly components: readonly ComponentConfig[]
  readonly migrate: {
    readonly component: ComponentName
    readonly command: readonly string[]
    readonly check: readonly string[] | null
    readonly timeoutMs: number
  } | null
  readonly environments: readonly EnvironmentConfig[]
}

/** What a release will say of the component, before there is an artifact. */
export type ComponentConfig = Omit<ReleaseComponent, 'artifact'>

export interface EnvironmentConfig extends PlanSettings {
  readonly name: EnvironmentName
  /** Folder of journal, cache and run state; default `.backflip/<env>` beside the file. */
  readonly stateFolder: string
  readonly edge: HaproxyConfig
  readonly runtime: ProcessRuntimeConfig
  readonly registry: DirectoryRegistryConfig
  /** How long the old color stays up as the fast way back; null: until the next deploy or cleanup. */
  readonly standbyKeepMs: number | null
  readonly retainReleases: number
  /** Folder with hook executables, or null. */
  readonly hooksFolder: string | null
}

export interface HaproxyConfig {
  readonly driver: 'haproxy'
  /** `managed`: we render the whole configuration and run HAProxy. `attached`: we own one file of a configuration that an operator runs. */
  readonly mode: 'managed' | 'attached'
  readonly bind: { readonly host: string; readonly port: number }
  /** Where clients reach it; default: the bind address. */
  readonly publicUrl: string
  /** Folder of our maps, control socket and state; default `<stateFolder>/edge`. */
  readonly folder: string
  /** Binary; default `haproxy` from PATH. */
  readonly binary: string
  /** Attached only: every configuration file or folder HAProxy is started with, ours included, in order. */
  readonly configFiles: readonly string[]
  /** Attached only. */
  readonly masterSocket: string | null
  /** Attached only. */
  readonly adminSocket: string | null
  /** How its host is reached; absent: HAProxy runs on this one. All paths above are that host's. */
  readonly transport?: IncusTransportConfig
}

/** An Incus daemon, and the project in it that is ours. */
export interface IncusConfig {
  readonly project: string
  readonly server:
    | { readonly socket: string }
    | {
        readonly host: string
        readonly port: number
        /** SHA-256 of the server's certificate, 64 hex digits. */
        readonly fingerprint: string
        /** Absolute paths of PEM files. */
        readonly certificateFile: string
        readonly keyFile: string
      }
}

/** Into a container, by its daemon. Attached edges only. */
export interface IncusTransportConfig extends IncusConfig {
  readonly driver: 'incus'
  readonly instance: string
  /** Where `folder` is on this host, when this is the Incus host and the two share it; null: everything goes through the daemon. */
  readonly sharedFolder: string | null
}

export interface ProcessRuntimeConfig {
  readonly driver: 'process'
  /** First and last port, inclusive, for instances of both colors on loopback. */
  readonly ports: { readonly first: number; readonly last: number }
}

export interface DirectoryRegistryConfig {
  readonly driver: 'directory'
  readonly path: string
}

export interface PostgresConfig {
  readonly driver: 'postgres'
  /** The app's database; snapshots and counts cover the whole server. */
  readonly database: string
  /** A superuser of the server. Default `postgres`. */
  readonly role: string
  /** The system's user to become, by `runuser`, for peer authentication and the tools that refuse root; null: stay who we are. */
  readonly osUser: string | null
  /** Folder of the unix socket. Default `/var/run/postgresql`. */
  readonly socketFolder: string
  readonly port: number
  /** PGDATA. */
  readonly dataFolder: string
  /** Folder of psql and the other tools; null: Debian's for the version in `dataFolder`. */
  readonly binFolder: string | null
  /** How the server is started and stopped; null: by `pg_ctl` on `dataFolder`. Debian's: `[pg_ctlcluster, '15', main, start]`. */
  readonly control: { readonly start: readonly string[]; readonly stop: readonly string[] } | null
  /** One value from one row: which migration the database stands at. */
  readonly schemaVersionQuery: string | null
  readonly pgbackrest: PgbackrestConfig | null
}

export interface PgbackrestConfig {
  readonly stanza: string
  /** Its configuration file; null: its own default. */
  readonly configFile: string | null
}
