import { type EnvironmentRecord, RECORD_VERSION } from '../../../src/domain/history/record.ts'
import type { Sha } from '../../../src/domain/ids.ts'
import type { Json } from '../../../src/domain/json.ts'
import { loadRecord } from '../../../src/operations/record.ts'
import type { Journal } from '../../../src/ports/journal.ts'
import { fakeEnvironment } from '../../fakes/environment.ts'
import { r } from '../../fakes/history.ts'
import { worldJournal } from '../../fakes/journal.ts'
import { Operator } from '../../fakes/operator.ts'
import { fakeRelease, type Migration, type Variety } from '../../fakes/releases.ts'
import { World } from '../../fakes/world.ts'
import { type Command, ending, execute, show } from './commands.ts'
import type { Coverage } from './coverage.ts'
import { Judge } from './judge.ts'
import type { Prng } from './prng.ts'
import { type Failure, Scheduler, type Trigger } from './scheduler.ts'

export interface Fate {
  readonly crash?: Trigger | null
  readonly pause?: Trigger | null
  readonly failures?: Failure[]
  /** The n-th time that this operation is being worked on. */
  readonly depth?: number
  readonly host?: string
}

const NAMES = ['ann', 'bob', 'cid', 'dee', 'eve', 'fay', 'gus', 'hal']

/** The world of one schedule, its scheduler and its judge, and how commands are begun on it. */
export class Stage {
  readonly world = new World()
  readonly judge: Judge
  readonly scheduler: Scheduler
  readonly random: Prng
  readonly journal: Journal
  readonly lines: string[] | null
  readonly #numbers = { next: 0 }
  #pids = 0

  constructor(random: Prng, coverage: Coverage, trace: boolean) {
    this.random = random
    this.journal = worldJournal(this.world)
    this.judge = new Judge(this.world)
    this.scheduler = new Scheduler(this.world, random)
    this.lines = trace ? [] : null
    if (this.lines !== null) this.judge.onLine = (text) => void this.lines?.push(`  ${text}`)
    this.judge.onUntold = () => coverage.fault('a flip goes on that the runtime was not told of')
    this.scheduler.onCrash = (points, depth, operator) => {
      for (const point of points) coverage.crashed(point, depth)
      this.say(
        `${operator.actor} dies (crash ${depth}) at ${points.map(({ step, place }) => `${step} ${place}`).join(', ')}`,
      )
    }
    this.scheduler.onFault = ({ step, direction, when }) => {
      coverage.fault(`a call fails ${when} its effect (${direction})`)
      this.say(`a call fails ${when} its effect in ${step ?? 'any step'} ${direction}`)
    }
  }

  say(text: string): void {
    this.lines?.push(text)
  }

  publish(n: number, variety: Variety, migration: Migration): Sha {
    const sha = r(n)
    this.world.releases.set(sha, fakeRelease(sha, variety, migration))
    return sha
  }

  record(): Promise<EnvironmentRecord> {
    return loadRecord(this.journal)
  }

  /** The fold so far is saved: what comes after must not notice. */
  async checkpoint(): Promise<void> {
    const record = await this.record()
    await this.journal.saveCheckpoint({ version: RECORD_VERSION, seq: record.seq, state: record as unknown as Json })
  }

  /** Begins a command as a process of its own; `run` the scheduler afterwards. */
  begin(command: Command, fate: Fate = {}, onEnd: (ending: string) => void = () => undefined): Operator {
    this.#pids += 1
    const operator = new Operator(this.#pids, `${NAMES[this.#pids % NAMES.length]}${this.#pids}`, fate.host)
    this.world.operators.push(operator)
    const environment = fakeEnvironment({
      world: this.world,
      journal: this.journal,
      operator,
      watch: this.judge,
      numbers: this.#numbers,
    })
    this.say(`${operator.actor} on ${operator.host}: ${show(command)}`)
    const work = async () => {
      const how = await ending(
        execute(environment, command, { signal: operator.interrupt.signal }, this.judge),
        this.judge,
      )
      this.say(`${operator.actor}: ${show(command)} ends: ${how}`)
      onEnd(how)
    }
    this.scheduler.start(operator, work, fate)
    return operator
  }

  /** Begins a command and lets everybody go on until nobody can. Null when its process died or is stopped. */
  async type(command: Command, fate: Fate = {}): Promise<string | null> {
    let how: string | null = null
    this.begin(command, fate, (ending) => {
      how = ending
    })
    await this.scheduler.run()
    return how
  }
}
