import { fold } from '../../src/domain/history/fold.ts'
import { type EnvironmentRecord, emptyRecord } from '../../src/domain/history/record.ts'
import type { Fact } from '../../src/domain/journal.ts'
import type { Phase } from '../../src/domain/phase.ts'
import { PLAN_VERSION, type Plan } from '../../src/domain/plan/plan.ts'
import type { OperationRun } from '../../src/engine/operation-run.ts'
import { abortOperation, type OperationEnd, runOperation } from '../../src/engine/run.ts'
import type { Step } from '../../src/engine/step.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { Hooks } from '../../src/ports/hooks.ts'
import type { Journal } from '../../src/ports/journal.ts'
import { memoryJournal } from '../../src/store/memory/journal.ts'
import { APP, ENVIRONMENT, operationId } from './history.ts'
import { JOURNAL_ID } from './journal.ts'

/** The world of a toy operation: which effects are there, and everything that was done, in order. */
export interface Toys {
  readonly there: Set<string>
  readonly log: string[]
}

export type ToyStep = Step<Toys>

export interface ToyAsk {
  readonly phase?: Phase
  readonly pivot?: true
  readonly step?: Partial<ToyStep>
}

/** A step whose effect is its own name in `there`, with a check that looks, and an undo that takes it away. */
export function toyStep(id: string, changes: Partial<ToyStep> = {}): ToyStep {
  return {
    id,
    limits: { attempts: 1, timeoutMs: 10_000 },
    check: async (_params, { ports }) =>
      ports.there.has(id) ? { output: `${id} was there`, effects: [] } : 'not-done',
    execute: async (_params, { ports }) => {
      ports.log.push(`do ${id}`)
      ports.there.add(id)
      return { output: id, effects: [] }
    },
    undo: async (_params, { ports }) => {
      ports.log.push(`undo ${id}`)
      ports.there.delete(id)
      return []
    },
    ...changes,
  }
}

/** `kill -9` in the middle of a durable write: everything after it throws too. */
export class Died extends Error {}

export interface Death {
  /** Counts the appends of one process from 1. */
  readonly append: number
  readonly when: 'before' | 'after'
}

/** Runs one operation of toys again and again, as processes that may die would. */
export class ToyOperation {
  readonly toys: Toys = { there: new Set(), log: [] }
  readonly hooksRun: string[] = []
  failingHooks: readonly string[] = []
  hooksAreEmpty = false
  signal: AbortSignal = new AbortController().signal
  /** Longer sleeps than this never end, unless `expired`. */
  expired = false
  readonly plan: Plan
  readonly #steps: ReadonlyMap<string, ToyStep>
  readonly #journal: Journal
  #nowMs = 0
  #token = 0

  constructor(steps: readonly (readonly [ToyStep, Phase?, true?])[]) {
    this.#steps = new Map(steps.map(([step]) => [step.id, step]))
    this.#journal = memoryJournal({ id: JOURNAL_ID, app: APP, environment: ENVIRONMENT, now: () => this.#stamp() })
    this.plan = toyPlan(steps.map(([{ id }, phase = 'launch', pivot]) => ({ id, phase, pivot })))
  }

  #stamp(): string {
    return new Date(Date.UTC(2026, 0, 1) + this.#nowMs).toISOString()
  }

  async record(): Promise<EnvironmentRecord> {
    return (await this.#journal.read({ limit: 10_000 })).reduce(fold, emptyRecord())
  }

  async facts(): Promise<readonly Fact[]> {
    return (await this.#journal.read({ operation: this.plan.operation, limit: 10_000 })).map(({ fact }) => fact)
  }

  /** Begins the operation, or takes it up. Throws `Died` when the death was reached. */
  run(death: Death | null = null): Promise<OperationEnd> {
    return this.work(death, runOperation)
  }

  abort(death: Death | null = null): Promise<OperationEnd> {
    return this.work(death, abortOperation)
  }

  /** Whatever a process may do with the open operation. */
  async work<T>(death: Death | null, runner: (run: OperationRun<Toys>) => Promise<T>): Promise<T> {
    await this.#begin()
    const { open, last } = await this.record()
    if (open === null) throw new Error(`nothing is open: it ended ${last?.outcome}`)
    return runner({
      plan: this.plan,
      steps: this.#steps,
      ports: this.toys,
      journal: mortal(this.#journal, death),
      hooks: this.#hooks(),
      clock: this.#clock(),
      token: this.#token,
      generation: 1,
      actor: 'ann',
      signal: this.signal,
      listener: { entry: () => undefined, say: () => undefined },
      state: open,
      beganMs: null,
      writtenMs: new Map(),
      begun: null,
    })
  }

  async #begin(): Promise<void> {
    if (this.#token > 0) return
    const holder = { actor: 'ann', host: 'h', pid: 1, processStart: '1', bootId: 'b' }
    const answer = await this.#journal.takeLease({ kind: 'operation', holder, message: 'toys' })
    if (!('taken' in answer)) throw new Error('somebody has the lease of the toys')
    this.#token = answer.taken.token
    const { plan } = this
    await this.#journal.append(this.#token, [
      { operation: plan.operation, actor: 'ann', fact: { kind: 'operation-started', plan } },
    ])
  }

  #clock(): Clock {
    return {
      now: () => this.#stamp(),
      monotonicMs: () => this.#nowMs,
      sleep: (ms, signal) => {
        if (ms >= 10_000 && !this.expired)
          return new Promise((_done, refuse) => signal?.addEventListener('abort', () => refuse(signal.reason)))
        this.#nowMs += ms
        return Promise.resolve()
      },
    }
  }

  #hooks(): Hooks {
    return {
      isEmpty: this.hooksAreEmpty,
      run: async (name) => {
        this.hooksRun.push(name)
        if (this.failingHooks.includes(name)) throw new Error(`${name} failed`)
      },
    }
  }
}

function mortal(journal: Journal, death: Death | null): Journal {
  let appends = 0
  let dead = false
  return {
    ...journal,
    async append(token, drafts) {
      appends += 1
      if (dead || (death?.append === appends && death.when === 'before')) {
        dead = true
        throw new Died()
      }
      const entries = await journal.append(token, drafts)
      if (death?.append === appends) {
        dead = true
        throw new Died()
      }
      return entries
    },
  }
}

function toyPlan(
  steps: readonly { readonly id: string; readonly phase: Phase; readonly pivot: true | undefined }[],
): Plan {
  return {
    version: PLAN_VERSION,
    operation: operationId(1),
    kind: 'deploy',
    mode: null,
    app: APP,
    environment: ENVIRONMENT,
    target: null,
    from: null,
    consumes: null,
    because: [],
    reason: null,
    assumes: { live: null, standby: { color: 'blue', sha: null }, edgeGeneration: 0, lastOperation: null },
    steps: steps.map(({ id, phase, pivot }) => ({ id, phase, title: id, params: null, ...(pivot ? { pivot } : {}) })),
    hash: '',
  }
}

export function codes(facts: readonly Fact[]): readonly string[] {
  return facts.map((fact) => ('step' in fact ? `${fact.kind} ${fact.step}` : fact.kind))
}
