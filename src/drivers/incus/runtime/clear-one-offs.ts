import { BackflipError } from '../../../domain/errors.ts'
import { isIncusError } from '../errors.ts'
import type { Entered } from '../fence.ts'
import { patchInstance } from '../instances.ts'
import type { RuntimeContext } from './context.ts'
import type { Owned } from './labels.ts'
import { survey } from './list.ts'
import { lookInside, type OneOffAsk } from './one-off-state.ts'
import { removeContainer } from './remove-container.ts'
import { stopContainer } from './stop.ts'

/** Asking for an outcome that is gone would run it again: only operations long over lose theirs. */
const KEPT_OPERATIONS = 3

/**
 * Before a one-off begins: none of another operation runs any more, and the address is free. Error `one-off-running` (kind `held`) when one does: two
 * migrations at once are nobody's plan.
 */
export async function clearOthers(context: RuntimeContext, entered: Entered, ask: OneOffAsk): Promise<void> {
  const isThis = ({ labels }: Owned) => labels.operation === ask.operation && labels.oneOff === ask.name
  for (const owned of (await oneOffs(context)).filter((one) => !isThis(one))) {
    if (owned.instance.status !== 'Stopped') await endIdle(context, entered, owned)
    await freeAddress(context, owned)
  }
  await pruneOneOffs(context, entered)
}

async function endIdle(context: RuntimeContext, entered: Entered, owned: Owned): Promise<void> {
  const { oneOff, operation } = owned.labels
  const look = await lookInside(context, { name: oneOff ?? '', operation })
  if (look.at === 'begun' && look.outcome.state === 'running') {
    throw new BackflipError(`${oneOff} of the operation ${operation} still runs in ${owned.instance.name}`, {
      code: 'one-off-running',
      kind: 'held',
      hint: `wait for it, or end it: incus stop ${owned.instance.name}`,
    })
  }
  await stopContainer(context, entered, owned)
}

/** Incus counts an address as taken by a stopped container too (research/incus.md §3). */
export async function freeAddress({ client, config }: RuntimeContext, { instance }: Owned): Promise<void> {
  const { network } = config
  if (network === null || instance.devices[network.device]?.['ipv4.address'] === undefined) return
  const devices = { [network.device]: { type: 'nic', network: network.name, name: network.device } }
  await patchInstance(client, instance.name, { devices }).catch((error: unknown) => {
    // Its disk is full: then the next one is told that the address is taken.
    if (!isIncusError(error, 'incus-pool-full')) throw error
  })
}

/** Takes away the containers of one-offs of operations long ago; one that runs is left alone. */
export async function pruneOneOffs(context: RuntimeContext, entered: Entered): Promise<void> {
  const found = await oneOffs(context)
  const operations = [...new Set(found.map(({ labels }) => labels.operation))].sort()
  const old = new Set(operations.slice(0, -KEPT_OPERATIONS))
  for (const owned of found) {
    if (old.has(owned.labels.operation) && owned.instance.status === 'Stopped')
      await removeContainer(context, entered, owned)
  }
}

async function oneOffs(context: RuntimeContext): Promise<readonly Owned[]> {
  return (await survey(context)).owned.filter(({ labels }) => labels.oneOff !== null)
}
