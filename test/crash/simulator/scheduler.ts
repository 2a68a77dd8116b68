import { setImmediate as turn } from 'node:timers/promises'
import { BackflipError } from '../../../src/domain/errors.ts'
import type { Gate, Operator, Point } from '../../fakes/operator.ts'
import type { World } from '../../fakes/world.ts'
import { type CrashPoint, crashPointsAt, enters, type Within } from './crash-points.ts'
import type { Prng } from './prng.ts'

/** When a process is to be ended or stopped: at its n-th point, or at the n-th that is this crash point. */
export type Trigger = { readonly at: number } | { readonly on: CrashPoint; nth: number }

/** Throws in a call made within a step. */
export interface Failure {
  readonly step: string | null
  readonly direction: Within['direction']
  readonly when: 'before' | 'after'
  /** Only calls whose name begins so; null: any. */
  readonly call: string | null
  times: number
  /** Asked again at each retry, or not. */
  readonly retried: boolean
}

interface Process {
  readonly operator: Operator
  points: number
  within: Within | null
  crash: Trigger | null
  pause: Trigger | null
  paused: boolean
  readonly parked: (() => void)[]
  failures: Failure[]
  readonly ended: () => void
  readonly depth: number
}

const MAX_TURNS = 20_000
const NEVER = new Promise<void>(() => undefined)

export class Stalled extends Error {}

/**
 * Decides who goes on. One process alone runs through; of several, each change, append and call is a choice of the generator. A process that is
 * ended never continues: no `finally` of it runs, as with `kill -9`.
 */
export class Scheduler implements Gate {
  readonly #world: World
  readonly #random: Prng
  readonly #processes = new Map<Operator, Process>()
  #ready: { readonly process: Process; readonly go: () => void }[] = []
  #running = 0
  /** What happens to the world at the n-th point from now. */
  events: { at: number; readonly happen: () => void }[] = []
  /** Told of each crash. */
  onCrash: (points: readonly CrashPoint[], depth: number, operator: Operator) => void = () => undefined
  onFault: (failure: Failure) => void = () => undefined

  constructor(world: World, random: Prng) {
    this.#world = world
    this.#random = random
    world.gate = this
  }

  /** Starts a process; its work is awaited by `run`. */
  start(
    operator: Operator,
    work: () => Promise<void>,
    fate: { readonly crash?: Trigger | null; readonly pause?: Trigger | null; failures?: Failure[]; depth?: number },
  ): void {
    const { promise, resolve } = Promise.withResolvers<void>()
    const process: Process = {
      operator,
      points: 0,
      within: null,
      crash: fate.crash ?? null,
      pause: fate.pause ?? null,
      paused: false,
      parked: [],
      failures: fate.failures ?? [],
      ended: resolve,
      depth: fate.depth ?? 1,
    }
    this.#processes.set(operator, process)
    this.#running += 1
    void promise
    void work().finally(() => {
      if (operator.dead) return
      operator.finished = true
      this.#world.clock.forget(operator)
      this.#running -= 1
    })
  }

  /** Until nobody can go on: everyone has finished, died or is stopped. */
  async run(): Promise<void> {
    for (let turns = 0; ; turns += 1) {
      await turn()
      if (this.#running === 0) return
      if (turns > MAX_TURNS) throw new Stalled('it does not come to an end')
      if (this.#ready.length > 0) {
        const at = this.#ready.length === 1 ? 0 : this.#random.int(0, this.#ready.length - 1)
        const [chosen] = this.#ready.splice(at, 1)
        if (chosen?.process.operator.dead === false) chosen.go()
        continue
      }
      if (!this.#world.clock.advance((operator) => this.#isRunning(operator)))
        throw new Stalled('everybody waits and nothing will happen')
    }
  }

  #isRunning(operator: Operator): boolean {
    const process = this.#processes.get(operator)
    return process !== undefined && !operator.dead && !operator.finished && !process.paused
  }

  isPaused(operator: Operator): boolean {
    return this.#processes.get(operator)?.paused === true
  }

  /** A stopped process goes on, with whatever it believed when it was stopped. */
  wake(operator: Operator): void {
    const process = this.#processes.get(operator)
    if (process?.paused !== true || operator.dead) return
    process.paused = false
    this.#running += 1
    for (const go of process.parked.splice(0)) this.#ready.push({ process, go })
  }

  kill(operator: Operator): void {
    const process = this.#processes.get(operator)
    if (process === undefined || operator.dead || operator.finished) return
    operator.dead = true
    if (!process.paused) this.#running -= 1
    this.#world.clock.forget(operator)
  }

  pass(operator: Operator, point: Point): Promise<void> | undefined {
    if (operator.dead) return NEVER
    const process = this.#processes.get(operator)
    if (process === undefined) return undefined
    process.points += 1
    this.#happen()
    const points = process.crash !== null || process.pause !== null ? crashPointsAt(point, process.within) : []
    if (process.crash !== null && reached(process.crash, process.points, points)) {
      this.onCrash(crashPointsAt(point, process.within), process.depth, operator)
      this.kill(operator)
      return NEVER
    }
    if (point.at === 'append' && point.side === 'after') moveOn(process, point)
    if (process.pause !== null && reached(process.pause, process.points, points)) {
      process.pause = null
      process.paused = true
      this.#running -= 1
    }
    if (process.paused) return new Promise((go) => process.parked.push(go))
    if (this.#running > 1) return new Promise((go) => this.#ready.push({ process, go }))
    return undefined
  }

  #happen(): void {
    if (this.events.length === 0) return
    for (const event of this.events) event.at -= 1
    const due = this.events.filter(({ at }) => at <= 0)
    if (due.length === 0) return
    this.events = this.events.filter(({ at }) => at > 0)
    for (const { happen } of due) happen()
  }

  fault(operator: Operator, call: string, when: 'before' | 'after'): void {
    const process = this.#processes.get(operator)
    const failure = process?.failures.find(
      (one) =>
        one.times > 0 &&
        one.when === when &&
        (one.step === null || (one.step === process.within?.step && one.direction === process.within.direction)) &&
        (one.call === null ? !call.startsWith('journal.') : call.startsWith(one.call)),
    )
    if (failure === undefined) return
    failure.times -= 1
    this.onFault(failure)
    throw new BackflipError(`a fault was injected ${when} ${call}`, {
      code: 'injected',
      kind: failure.retried ? 'failed' : 'person',
    })
  }
}

function moveOn(process: Process, { drafts = [] }: Point): void {
  for (const { fact } of drafts) process.within = enters(fact)
}

function reached(trigger: Trigger, count: number, points: readonly CrashPoint[]): boolean {
  if ('at' in trigger) return count >= trigger.at
  const { step, direction, place } = trigger.on
  const isHere = points.some((one) => one.step === step && one.direction === direction && one.place === place)
  if (!isHere) return false
  trigger.nth -= 1
  return trigger.nth <= 0
}
