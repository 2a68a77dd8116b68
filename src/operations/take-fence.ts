import { BackflipError, fromErrorRecord } from '../domain/errors.ts'
import type { DataServiceName } from '../domain/ids.ts'
import type { LeaseRecord } from '../domain/journal.ts'
import type { Environment } from './environment.ts'
import { isUnseen, look } from './look.ts'
import { anchorOf } from './observe.ts'
import { whoMayStillWrite } from './older-writers.ts'
import { refuseAnotherPast } from './same-past.ts'

/**
 * The generation of this operation, known to the edge and to the runtime before its first entry. Both must know: a runtime that hears of it only
 * with its first order would still obey a process that was stopped in the middle of emptying a color, after that color got the traffic.
 * A flip alone may do without (`takeFlipFence`).
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

/** A daemon that is stopped is not waited for while users see a bad release. */
const TELL_MS = 3_000

export interface FlipFence {
  readonly generation: number
  /** Why the runtime was not told; null when it was. */
  readonly untold: string | null
}

/**
 * For a flip that gives the runtime no order, so that a way back needs the edge alone. The edge's fence is taken as ever. A runtime that cannot be told
 * is no hindrance when nobody is left whom it would have to keep out; otherwise the error is the runtime's own, with who that is.
 */
export async function takeFlipFence(environment: Environment, { token }: LeaseRecord): Promise<FlipFence> {
  const { edge, runtime } = environment
  const { generation } = await edge.fence({ anchor: await anchorOf(environment) })
  const telling = runtime.fence(generation)
  const told = await look(
    environment,
    telling.then(() => ({ told: true })),
    TELL_MS,
  )
  if (!isUnseen(told)) return { generation, untold: null }
  if (told.unseen.kind === 'held') throw fromErrorRecord(told.unseen)
  const who = await whoMayStillWrite(environment, token)
  if (who === null) return { generation, untold: told.unseen.message }
  try {
    await telling
    return { generation, untold: null }
  } catch (error) {
    throw new BackflipError('the runtime cannot be told who works on the environment now', {
      code: 'runtime-untold',
      kind: 'failed',
      details: [who, 'traffic is as it was'],
      hint: 'make the runtime answer; or when that process must go, end it; then the same command',
      cause: error,
    })
  }
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
