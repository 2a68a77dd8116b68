/** Where one environment of the example lives. */
export interface Place {
  readonly environment: 'staging' | 'prod'
  readonly socket: string
  readonly project: string
  readonly image: string
  readonly network: string
  /** The first three numbers of the addresses, `10.88.7`; .10 is HAProxy, .11 PostgreSQL, .50 to .80 are the components. */
  readonly subnet: string
  readonly gateway: string
  readonly prefixLength: number
  readonly postgresVersion: string
}

/** As the runbook calls them: `veza-staging-haproxy`, and `veza-haproxy` in production. */
export function prefixOf({ environment }: Pick<Place, 'environment'>): string {
  return environment === 'prod' ? 'veza' : `veza-${environment}`
}

export const haproxyOf = (place: Place) => ({ name: `${prefixOf(place)}-haproxy`, address: `${place.subnet}.10` })
export const postgresOf = (place: Place) => ({ name: `${prefixOf(place)}-postgres`, address: `${place.subnet}.11` })

/** Folder of our files in the HAProxy container. */
export const EDGE_FOLDER = '/var/lib/veza'
export const MASTER_SOCKET = '/run/haproxy-master.sock'
export const OPERATORS_CONFIG = '/etc/haproxy/haproxy.cfg'

export function ourConfig({ environment }: Pick<Place, 'environment'>): string {
  return `${EDGE_FOLDER}/backflip-veza-${environment}.cfg`
}
