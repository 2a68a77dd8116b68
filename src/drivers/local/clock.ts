import { monotonicMs } from '../../lib/monotonic.ts'
import type { Clock } from '../../ports/clock.ts'

/** The machine's own time. The timer is the global one: `node:timers/promises` is a module more before every flip. */
export const systemClock: Clock = {
  now: () => new Date().toISOString(),
  monotonicMs,
  sleep: (ms, signal) =>
    new Promise((done, refuse) => {
      if (signal?.aborted) return refuse(signal.reason)
      const wake = () => {
        signal?.removeEventListener('abort', stop)
        done()
      }
      const stop = () => {
        clearTimeout(timer)
        refuse(signal?.reason)
      }
      const timer = setTimeout(wake, ms)
      signal?.addEventListener('abort', stop, { once: true })
    }),
}
