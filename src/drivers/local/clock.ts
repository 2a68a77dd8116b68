import { setTimeout as wait } from 'node:timers/promises'
import type { Clock } from '../../ports/clock.ts'

/** The machine's own time. */
export const systemClock: Clock = {
  now: () => new Date().toISOString(),
  monotonicMs: () => performance.now(),
  async sleep(ms, signal) {
    try {
      await wait(ms, undefined, signal === undefined ? {} : { signal })
    } catch (error) {
      // The promise API rejects with an AbortError of its own; callers want the reason they gave.
      signal?.throwIfAborted()
      throw error
    }
  },
}
