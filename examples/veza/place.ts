export const ENVIRONMENTS = ['staging', 'prod'] as const
export type EnvironmentName = (typeof ENVIRONMENTS)[number]

/** What the environments share: one Incus host, and one project on it. */
export interface Host {
  /** The daemon's. */
  readonly socket: string
  readonly project: string
  readonly image: string
  readonly pool: string
  /** The bridge. */
  readonly network: string
  /** Its own address, `10.77.0.1`; of the 65,534 behind it each environment has 256. */
  readonly gateway: string
}

/** Where one environment lives: `.10` is HAProxy, `.11` PostgreSQL, `.50` to `.80` are the components. */
export interface Place extends Host {
  readonly environment: EnvironmentName
  /** The first three numbers of its addresses, `10.77.1`. */
  readonly subnet: string
}

export const PREFIX_LENGTH = 16

export function placeOf(host: Host, environment: EnvironmentName): Place {
  const [a = '', b = ''] = host.gateway.split('.')
  return { ...host, environment, subnet: `${a}.${b}.${ENVIRONMENTS.indexOf(environment) + 1}` }
}

/** As the runbook calls them: `veza-staging-haproxy`, and `veza-haproxy` in production. */
export function prefixOf({ environment }: Pick<Place, 'environment'>): string {
  return environment === 'prod' ? 'veza' : `veza-${environment}`
}

export interface Machine {
  readonly name: string
  readonly address: string
}

export function haproxyOf(place: Place): Machine {
  return { name: `${prefixOf(place)}-haproxy`, address: `${place.subnet}.10` }
}

export function postgresOf(place: Place): Machine {
  return { name: `${prefixOf(place)}-postgres`, address: `${place.subnet}.11` }
}

/** Beside `backflip.yaml`: what the components connect with. */
export function passwordFile({ environment }: Pick<Place, 'environment'>): string {
  return `postgres-password.${environment}`
}

/** Folder of our files in the HAProxy container; `active-color` and its history lie there. */
export const EDGE_FOLDER = '/var/lib/veza'
export const MASTER_SOCKET = '/run/haproxy-master.sock'
export const ADMIN_SOCKET = '/run/haproxy/admin.sock'
export const OPERATORS_CONFIG = '/etc/haproxy/haproxy.cfg'

export function ourConfig({ environment }: Pick<Place, 'environment'>): string {
  return `${EDGE_FOLDER}/backflip-veza-${environment}.cfg`
}
