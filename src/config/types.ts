import type { AppName, ComponentName, DataServiceName, EnvironmentName } from '../domain/ids.ts'
import type { PlanSettings } from '../domain/plan/facts.ts'
import type { ReleaseComponent, SecretReference } from '../domain/release.ts'

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
    /** For each statement, by PGOPTIONS. */
    readonly lockTimeoutMs: number
    /** Where the texts are, read when a release is published; null: nobody said. */
    readonly files: MigrationFilesConfig | null
    /** Where the connection string of a server for trying migrations is read; null: one of our own. */
    readonly shadow: SecretReference | null
  } | null
  readonly environments: readonly EnvironmentConfig[]
}

export interface MigrationFilesConfig {
  /** Absolute. */
  readonly folder: string
  /** Null: guessed from the files. */
  readonly layout: string | null
  /** Null: as the layout says. */
  readonly transaction: 'file' | 'statement' | 'unknown' | null
  readonly postgres: number
  readonly timeZone: string
}

/** What a release will say of the component, before there is an artifact. */
export type ComponentConfig = Omit<ReleaseComponent, 'artifact'>

export interface EnvironmentConfig extends PlanSettings {
  readonly name: EnvironmentName
  /** Folder of journal, cache and run state; default `.backflip/<env>` beside the file. */
  readonly stateFolder: string
  readonly edge: HaproxyConfig
  /** How the edge's host is reached: this one, or a container. All paths of `edge` are the host's own. */
  readonly edgeTransport: EdgeTransportConfig
  /** The daemon that the runtime, the edge's transport and the data services share; null without one. */
  readonly incus: IncusConfig | null
  readonly runtime: ProcessRuntimeConfig | IncusRuntimeConfig
  readonly registry: DirectoryRegistryConfig
  readonly data: readonly DataServiceConfig[]
  /** How long the old color stays up as the fast way back; null: until the next deploy or cleanup. */
  readonly standbyKeepMs: number | null
  readonly retainReleases: number
  /** An override needs somebody else's agreement. */
  readonly migrations: { readonly secondPerson: boolean }
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
  readonly maintenance: MaintenanceConfig
}

export type EdgeTransportConfig =
  | { readonly driver: 'local' }
  | {
      readonly driver: 'incus'
      readonly instance: string
      /** This host's name of what a disk device shows as `edge.folder`: files and sockets in it need no call. Null: everything goes through the daemon. */
      readonly sharedFolder: string | null
    }

/** What the edge says while a restore keeps writers away. */
export interface MaintenanceConfig {
  readonly retryAfterSeconds: number
  /** Exact paths that are answered with 200 in maintenance, for what watches the edge from outside. */
  readonly healthPaths: readonly string[]
}

/** A socket, or an address with the server's fingerprint (SHA-256 of its certificate, hex) and files of a client certificate. */
export interface IncusConfig {
  readonly place:
    | { readonly socket: string }
    | {
        readonly host: string
        readonly port: number
        readonly fingerprint: string
        readonly certificateFile: string
        readonly keyFile: string
      }
  readonly project: string
}

export interface IncusRuntimeConfig {
  readonly driver: 'incus'
  /** Alias or fingerprint. */
  readonly image: string
  readonly profiles: readonly string[]
  /** With `{app}`, `{environment}`, `{component}`, `{color}`; `-<n>` is added from the second instance on. */
  readonly namePattern: string
  /** The container's port that a component listens on: every component the same, because each has an address of its own. */
  readonly port: number
  /** First and last of a range, of which every instance has its own. */
  readonly addresses: {
    readonly first: string
    readonly last: string
    /** For images that set their address themselves; null: each asks by DHCP, and the network has the address reserved for it. */
    readonly static: { readonly gateway: string; readonly prefix: number } | null
  }
  /** Network device and network that the address is reserved on. Never null when addresses are leased. */
  readonly network: { readonly device: string; readonly name: string } | null
  /** Where the release is unpacked, and the service that runs it. */
  readonly folder: string
  readonly service: 'systemd' | 'script'
  /** The user that the component runs as. */
  readonly user: string
  /** `limits.*` for every instance. */
  readonly limits: { readonly [key: string]: string }
  /** Cluster members to spread over; empty: wherever the cluster puts them. */
  readonly targets: readonly string[]
}

export interface DataServiceConfig {
  readonly name: DataServiceName
  readonly driver: 'incus'
  readonly kind: 'postgres' | 'files'
  readonly instance: string
  /** Null for `files`. */
  readonly postgres: PostgresConfig | null
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
