import type { Draft, Holder } from '../../src/domain/journal.ts'

/** One run of a command on some host: a process that may end, or be stopped, at any instant. */
export class Operator {
  readonly pid: number
  readonly actor: string
  readonly host: string
  readonly interrupt = new AbortController()
  /** Ended by `kill -9`: nothing of it ever runs again. */
  dead = false
  /** Its promise has settled. */
  finished = false
  /** What its last `fence` gave it; 0 before. */
  generation = 0
  /** The lease it was given last; 0 before. */
  token = 0

  constructor(pid: number, actor: string, host = 'host-1') {
    this.pid = pid
    this.actor = actor
    this.host = host
  }

  get holder(): Holder {
    return { actor: this.actor, host: this.host, pid: this.pid, processStart: String(this.pid), bootId: 'boot' }
  }
}

/**
 * A place where a process may be stopped or ended.
 * - `call`    it is about to ask a port something
 * - `change`  right before or after one atomic change of the world
 * - `append`  right before or after a durable write to the journal
 */
export interface Point {
  readonly at: 'call' | 'change' | 'append'
  readonly side: 'before' | 'after'
  readonly what: string
  readonly drafts?: readonly Draft[]
}

/** Who decides what happens at each point: nobody in a plain test, the scheduler in a simulation. */
export interface Gate {
  /** Undefined: go on. A promise: when it settles, or never. */
  pass(operator: Operator, point: Point): Promise<void> | undefined
  /** May throw: the call fails before, or after, what it does. */
  fault(operator: Operator, call: string, when: 'before' | 'after'): void
}

export const OPEN_GATE: Gate = { pass: () => undefined, fault: () => undefined }
