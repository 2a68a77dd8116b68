import type { Clock } from '../../src/ports/clock.ts'
import type { Operator } from './operator.ts'

const BEGINNING_MS = Date.UTC(2026, 0, 1)

interface Timer {
  readonly operator: Operator
  readonly atMs: number
  readonly fire: () => void
}

/** Time that passes only when somebody says so. Nobody waits for real. */
export class VirtualClock {
  nowMs = 0
  readonly #timers: Timer[] = []

  stamp(): string {
    return new Date(BEGINNING_MS + this.nowMs).toISOString()
  }

  /** The same clock as one operator sees it: its timers end with it. */
  of(operator: Operator): Clock {
    return {
      now: () => this.stamp(),
      monotonicMs: () => this.nowMs,
      sleep: (ms, signal) => this.#sleep(operator, ms, signal),
    }
  }

  #sleep(operator: Operator, ms: number, signal?: AbortSignal): Promise<void> {
    if (operator.dead) return new Promise(() => undefined)
    return new Promise((done, refuse) => {
      if (signal?.aborted) return refuse(signal.reason)
      const stop = () => {
        this.#remove(timer)
        refuse(signal?.reason)
      }
      const fire = () => {
        signal?.removeEventListener('abort', stop)
        done()
      }
      const timer: Timer = { operator, atMs: this.nowMs + ms, fire }
      this.#timers.push(timer)
      signal?.addEventListener('abort', stop)
    })
  }

  #remove(timer: Timer): void {
    const at = this.#timers.indexOf(timer)
    if (at !== -1) this.#timers.splice(at, 1)
  }

  /** Goes to the next timer of those who may run, and fires it. False when there is none. */
  advance(mayRun: (operator: Operator) => boolean): boolean {
    let next: Timer | undefined
    for (const timer of this.#timers) {
      if (mayRun(timer.operator) && (next === undefined || timer.atMs < next.atMs)) next = timer
    }
    if (next === undefined) return false
    this.#remove(next)
    this.nowMs = Math.max(this.nowMs, next.atMs)
    next.fire()
    return true
  }

  /** Lets time go on until the work has ended. */
  async settle<T>(work: Promise<T>): Promise<T> {
    let over = false
    const watched = work.finally(() => {
      over = true
    })
    watched.catch(() => undefined)
    while (!over) {
      await new Promise((done) => setImmediate(done))
      if (!over) this.advance(() => true)
    }
    return watched
  }

  /** Nothing of a dead process ever happens. */
  forget(operator: Operator): void {
    for (const timer of this.#timers.filter((one) => one.operator === operator)) this.#remove(timer)
  }
}
