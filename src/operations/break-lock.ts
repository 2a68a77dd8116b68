import { BackflipError } from '../domain/errors.ts'
import type { LeaseRecord } from '../domain/journal.ts'
import { breakLease } from '../engine/lease.ts'
import type { Environment } from './environment.ts'
import { anchorOf } from './observe.ts'

/**
 * Takes the environment from whoever holds it: the journal refuses the old holder at once, and the edge as soon as it is fenced, which is
 * done here too unless it cannot be reached (then the next operation does it before anything else).
 */
export async function breakLock(
  environment: Environment,
  reason: string,
): Promise<{ readonly held: LeaseRecord; readonly generation: number | null }> {
  const { journal, liveness, actor, edge } = environment
  const held = await breakLease({ journal, liveness, actor, reason })
  try {
    const { generation } = await edge.fence({ anchor: await anchorOf(environment) })
    return { held, generation }
  } catch (error) {
    if (error instanceof BackflipError) return { held, generation: null }
    throw error
  }
}
