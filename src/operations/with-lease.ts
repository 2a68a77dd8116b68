import type { LeaseRecord } from '../domain/journal.ts'
import { acquireLease, keepLease } from '../engine/lease.ts'
import type { Environment, RunOptions } from './environment.ts'
import { saveRecord } from './record.ts'

/** A dead holder is found by its process, not by silence; the heartbeat is for people and for other hosts. */
const HEARTBEAT_MS = 5_000

export interface Leased {
  readonly lease: LeaseRecord
  /** Aborted when the lease is lost: somebody broke it. */
  readonly lost: AbortSignal
}

/** Runs work under the environment's lease and gives it back whatever happens. */
export async function withLease<T>(
  environment: Environment,
  message: string,
  options: RunOptions,
  work: (leased: Leased) => Promise<T>,
): Promise<T> {
  const { journal, liveness, clock, actor } = environment
  const say = (text: string) => options.progress?.say('lease', text)
  const lease = await acquireLease({ journal, liveness, clock, actor, message, waitMs: options.lockWaitMs ?? 0, say })
  const kept = keepLease(journal, lease.token, clock, HEARTBEAT_MS)
  let result: T
  try {
    result = await work({ lease, lost: kept.signal })
  } catch (error) {
    kept.stop()
    // What went wrong first is what is told; a lease that cannot be given back is adopted from us when we are gone.
    await journal.releaseLease(lease.token).catch(() => false)
    throw error
  }
  kept.stop()
  if (await journal.releaseLease(lease.token)) await saveRecord(journal)
  return result
}
