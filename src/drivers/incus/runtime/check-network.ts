import { BackflipError, refusal } from '../../../domain/errors.ts'
import type { Shortcoming } from '../../../ports/shortcoming.ts'
import { isIncusError } from '../errors.ts'
import type { Keys } from '../instances.ts'
import { toNumber } from './addresses.ts'
import type { RuntimeContext } from './context.ts'

interface Network {
  readonly type: string
  readonly managed: boolean
  readonly config: Keys
}

type Range = readonly [first: number, last: number]

/** Of one call, at a look that takes 2 s at most. */
const LOOK_MS = 1_900

/**
 * Whether the network can lease what the configuration promises to the edge: a bridge of Incus' own, whose DHCP server has the range in its subnet.
 * Nothing is asked when addresses are static. Errors `no-network` (kind `failed`) and `network-leases-nothing` (kind `refused`).
 */
export async function checkNetwork(context: RuntimeContext): Promise<void> {
  const name = leasingNetwork(context)
  if (name !== null) assertLeases(context, name, await lookAt(context, name))
}

/** The same for `doctor`, and whether an address of ours may be with somebody else when our container is made. */
export async function networkShortcomings(context: RuntimeContext): Promise<readonly Shortcoming[]> {
  const name = leasingNetwork(context)
  if (name === null) return []
  try {
    const network = await lookAt(context, name, LOOK_MS)
    assertLeases(context, name, network)
    return sharesPool(network, rangeOf(context)) ? [sharedPool(context, name)] : []
  } catch (error) {
    if (!isIncusError(error, 'no-network', 'network-leases-nothing')) throw error
    return [{ message: error.message, hint: error.hint ?? 'incus network list' }]
  }
}

function leasingNetwork({ config: { addresses, network } }: RuntimeContext): string | null {
  return addresses.static === null ? (network?.name ?? null) : null
}

function assertLeases(context: RuntimeContext, name: string, network: Network): void {
  const why = whyNoLease(network, rangeOf(context))
  if (why === null) return
  const { first, last } = context.config.addresses
  throw refusal(`${name} leases no address of ${first}-${last}: ${why}`, {
    code: 'network-leases-nothing',
    hint: 'incus network list: a managed bridge as runtime.network; or static addresses, with runtime.addresses.gateway',
  })
}

function sharesPool({ config }: Network, [first, last]: Range): boolean {
  return poolsOf(config).some(([from, to]) => to >= first && from <= last)
}

function sharedPool({ config: { addresses } }: RuntimeContext, name: string): Shortcoming {
  return {
    message: `${name} may lease ${addresses.first}-${addresses.last} to anybody, also before our container asks`,
    hint: `incus network set ${name} ipv4.dhcp.ranges=FIRST-LAST, beside that range`,
    isAdvice: true,
  }
}

function whyNoLease({ managed, type, config }: Network, [first, last]: Range): string | null {
  if (!managed || type !== 'bridge')
    return `it is no bridge that Incus manages, but ${managed ? '' : 'an unmanaged '}${type}`
  const address = config['ipv4.address']
  // A restricted certificate sees that the network is there, and nothing of its keys: what it leases shows when a container asks.
  if (address === undefined) return null
  const subnet = subnetOf(address)
  if (subnet === null) return 'it has no IPv4 address'
  if (config['ipv4.dhcp'] === 'false') return 'its ipv4.dhcp is false'
  return first > subnet[0] && last < subnet[1] ? null : `its subnet is ${address}`
}

/** Without ranges of its own the server leases the whole subnet. */
function poolsOf(config: Keys): readonly Range[] {
  const ranges = config['ipv4.dhcp.ranges'] ?? ''
  const subnet = subnetOf(config['ipv4.address'] ?? 'none')
  if (ranges === '') return subnet === null ? [] : [subnet]
  return ranges.split(',').map((range): Range => {
    const [first = '', last = first] = range.trim().split('-')
    return [toNumber(first), toNumber(last)]
  })
}

/** From the subnet's own address to that of its broadcasts; null for `none`. */
function subnetOf(cidr: string): Range | null {
  const [address = '', prefix] = cidr.split('/')
  if (prefix === undefined) return null
  const size = 2 ** (32 - Number(prefix))
  const first = Math.floor(toNumber(address) / size) * size
  return [first, first + size - 1]
}

function rangeOf({ config: { addresses } }: RuntimeContext): Range {
  return [toNumber(addresses.first), toNumber(addresses.last)]
}

async function lookAt({ client }: RuntimeContext, name: string, timeoutMs?: number): Promise<Network> {
  const limit = timeoutMs === undefined ? {} : { timeoutMs }
  try {
    const path = `/networks/${name}`
    const { metadata } = await client.call({ method: 'GET', path, what: `look at the network ${name}`, ...limit })
    return metadata as Network
  } catch (error) {
    if (!isIncusError(error, 'incus-not-found')) throw error
    throw new BackflipError(`there is no network ${name} in Incus at ${client.where}`, {
      code: 'no-network',
      kind: 'failed',
      hint: 'incus network list, and write one of them as runtime.network.name',
      cause: error,
    })
  }
}
