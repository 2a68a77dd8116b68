/** One real incusd for tests, in namespaces of its own. Everything about it follows from these three. */
export interface Bed {
  /** Holds all of it; its name carries the pid of the run that owns it. */
  readonly folder: string
  /** Process 1 of the bed, as seen from the host: its namespaces are the bed's. */
  readonly initPid: number
  /** Whether the Debian image is there: it takes a minute to build the first time, so a run may go without. */
  readonly hasDebian: boolean
}

/** On disk rather than in memory: images and pools lie here. */
export const BEDS_FOLDER = '/var/tmp'
export const BED_PREFIX = 'bfi-'

export const POOLS = { btrfs: 'fast', dir: 'plain' } as const
export const BRIDGE = 'itbr0'
/** Of 10.88.0.0/16; the third number is the project's own (`world.ts`), 0 belongs to DHCP. */
export const GATEWAY = '10.88.0.1'
export const PREFIX_LENGTH = 16

export function incusFolder({ folder }: Pick<Bed, 'folder'>): string {
  return `${folder}/incus`
}

export function socketOf(bed: Pick<Bed, 'folder'>): string {
  return `${incusFolder(bed)}/unix.socket`
}

/** Enters the bed's namespaces: `net` alone to speak with containers over HTTP, all of them for the daemon itself. */
export function enter({ initPid }: Pick<Bed, 'initPid'>, what: 'net' | 'all'): readonly [string, ...string[]] {
  const target: readonly [string, ...string[]] = ['nsenter', '--target', String(initPid), '--net']
  return what === 'net' ? target : [...target, '--mount', '--pid']
}
