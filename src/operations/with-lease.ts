import type { LeaseRecord } from '../domain/journal.ts'
import { acquireLease, awaitLease, keepLease } from '../engine/lease.ts'
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
  const lease = await acquireLease({ journal, liveness, clock, actor, message, ...waitOf(options) })
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

/**
 * Waits until it is this command's turn, so that it plans from what the others left: a plan that was made while they ran is outdated when they are
 * done. Without `lockWaitMs` it returns at once, and `withLease` tells who holds the environment.
 */
export async function awaitTurn(environment: Environment, options: RunOptions): Promise<void> {
  if ((options.lockWaitMs ?? 0) === 0) return
  const { journal, liveness, clock } = environment
  await awaitLease({ journal, liveness, clock, ...waitOf(options) })
}

function waitOf({ lockWaitMs = 0, signal, progress }: RunOptions) {
  return { waitMs: lockWaitMs, signal, say: (text: string) => progress?.say('lease', text) }
}
