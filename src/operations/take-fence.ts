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
 */
export async function takeFence(environment: Environment): Promise<number> {
  const { generation } = await environment.edge.fence({ anchor: await anchorOf(environment) })
  await environment.runtime.fence(generation)
  return generation
}

/**
 * For what writes no entry before it changes something. The fence brings a new anchor with it, so the old one is compared first. Errors
 * `journal-differs` (kind `person`) and `lease-lost` (kind `held`): nothing was changed.
 */
export async function takeFenceUnder(environment: Environment, { token }: LeaseRecord): Promise<number> {
  await refuseAnotherPast(environment, (await environment.edge.read()).anchor)
  const generation = await takeFence(environment)
  await environment.journal.renewLease(token)
  return generation
}
