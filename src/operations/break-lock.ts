import { BackflipError } from '../domain/errors.ts'
import type { LeaseRecord } from '../domain/journal.ts'
import { breakLease } from '../engine/lease.ts'
import type { Environment } from './environment.ts'
import { takeFenceUnder } from './take-fence.ts'

/**
 * Takes the environment from whoever holds it: the journal refuses the old holder at once, edge and runtime as soon as they are fenced. That is done
 * here too, under the lease, unless the edge cannot be reached: then the next operation does it before anything else.
 */
export async function breakLock(
  environment: Environment,
  reason: string,
): Promise<{ readonly held: LeaseRecord; readonly generation: number | null }> {
  const { journal, liveness, actor } = environment
  const { held, taken } = await breakLease({ journal, liveness, actor, reason })
  try {
    return { held, generation: await takeFenceUnder(environment, taken) }
  } catch (error) {
    if (error instanceof BackflipError) return { held, generation: null }
    throw error
  } finally {
    await journal.releaseLease(taken.token)
  }
}
