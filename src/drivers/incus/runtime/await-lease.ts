import { BackflipError } from '../../../domain/errors.ts'
import { getState } from '../instances.ts'
import type { InstanceName } from '../names.ts'
import type { RuntimeContext } from './context.ts'

const PAUSE_MS = 100

/**
 * Waits until a container that asks by DHCP has the address that its network reserves for it: what is started before has no way to its database.
 * At once when addresses are static. Error `no-lease` (kind `failed`) says what it has instead.
 */
export async function awaitLease(context: RuntimeContext, name: InstanceName, host: string): Promise<void> {
  const { client, clock, config, leaseMs } = context
  if (config.addresses.static !== null) return
  const end = clock.monotonicMs() + leaseMs
  for (;;) {
    const has = (await getState(client, name))?.addresses ?? []
    if (has.includes(host)) return
    if (clock.monotonicMs() >= end) throw noLease(context, name, host, has)
    await clock.sleep(PAUSE_MS)
  }
}

function noLease(
  { config: { network, image }, leaseMs }: RuntimeContext,
  name: InstanceName,
  host: string,
  has: readonly string[],
): BackflipError {
  return new BackflipError(`${name} has not got the address ${host} within ${leaseMs} ms`, {
    code: 'no-lease',
    kind: 'failed',
    details: [
      has.length === 0 ? `it has none: does ${image} ask by DHCP?` : `it has ${has.join(', ')}`,
      `${network?.name ?? 'its network'} has ${host} reserved for it`,
    ],
    hint: `incus network list-leases ${network?.name ?? 'NETWORK'}`,
  })
}
