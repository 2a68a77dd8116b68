import type { DataServiceName } from '../domain/ids.ts'
import type { LeaseRecord } from '../domain/journal.ts'
import type { Environment } from './environment.ts'
import { anchorOf } from './observe.ts'
import { refuseAnotherPast } from './same-past.ts'

/**
 * The generation of this operation, known to the edge and to the runtime before its first entry. Both must know: a runtime that hears of it only
 * with its first order would still obey a process that was stopped in the middle of emptying a color, after that color got the traffic.
 *
 * Whoever comes next takes the lease first and the fence second. So an entry, or `renewLease`, must follow before anything is changed: it is
 * refused when this process was stopped, lost its lease, and took the newest generation with what it knew from before.
 *
 * Data services are told when they are named: a flip does not wait for a storage that it does not need.
 */
export async function takeFence(environment: Environment, services: readonly DataServiceName[] = []): Promise<number> {
  const { edge, runtime, data } = environment
  const { generation } = await edge.fence({ anchor: await anchorOf(environment) })
  await runtime.fence(generation)
  for (const service of data) if (services.includes(service.name)) await service.fence(generation)
  return generation
}

/**
 * For what writes no entry before it changes something. The fence brings a new anchor with it, so the old one is compared first. Errors
 * `journal-differs` (kind `person`) and `lease-lost` (kind `held`): nothing was changed.
 */
export async function takeFenceUnder(
  environment: Environment,
  { token }: LeaseRecord,
  services: readonly DataServiceName[] = [],
): Promise<number> {
  await refuseAnotherPast(environment, (await environment.edge.read()).anchor)
  const generation = await takeFence(environment, services)
  await environment.journal.renewLease(token)
  return generation
}
