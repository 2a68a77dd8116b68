import { BackflipError, type ErrorRecord, toErrorRecord } from '../domain/errors.ts'
import type { LeaseRecord } from '../domain/journal.ts'
import { breakLease } from '../engine/lease.ts'
import type { Environment } from './environment.ts'
import { takeFenceUnder } from './take-fence.ts'

export interface BrokenLock {
  readonly held: LeaseRecord
  /** What the edge refuses everything older than; null when it could not be fenced: `unfenced` says why. */
  readonly generation: number | null
  readonly unfenced: ErrorRecord | null
}

/**
 * Takes the environment from whoever holds it: the journal refuses the old holder at once, edge and runtime as soon as they are fenced. That is done
 * here too, under the lease, unless the edge cannot be reached, or remembers another past of the journal: the lock goes all the same, because `adopt`
 * needs the lease, and the next operation fences before anything else.
 */
export async function breakLock(environment: Environment, reason: string): Promise<BrokenLock> {
  const { journal, liveness, actor } = environment
  const { held, taken } = await breakLease({ journal, liveness, actor, reason })
  try {
    return { held, generation: await takeFenceUnder(environment, taken), unfenced: null }
  } catch (error) {
    if (error instanceof BackflipError) return { held, generation: null, unfenced: toErrorRecord(error) }
    throw error
  } finally {
    await journal.releaseLease(taken.token)
  }
}
