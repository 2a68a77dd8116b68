import type { Environment } from '../../src/operations/environment.ts'
import { fakeEnvironment } from './environment.ts'
import { r } from './history.ts'
import { worldJournal } from './journal.ts'
import { Operator } from './operator.ts'
import { fakeRelease, type Variety } from './releases.ts'
import { World } from './world.ts'

/** A world with a journal, and people who type commands in it, each command in a process of its own. For tests of single operations. */
export class People {
  readonly world = new World()
  readonly journal = worldJournal(this.world)
  readonly #numbers = { next: 0 }

  publish(...releases: readonly (readonly [number, Variety])[]): this {
    for (const [n, variety] of releases) this.world.releases.set(r(n), fakeRelease(r(n), variety))
    return this
  }

  /** What a new process of this person may use. `changes` replaces settings of the environment. */
  process(
    actor: string,
    changes: Partial<Environment['settings']> = {},
    host?: string,
  ): { operator: Operator; environment: Environment } {
    const { world, journal } = this
    const operator = new Operator(world.operators.length + 1, actor, host)
    world.operators.push(operator)
    const environment = fakeEnvironment({ world, journal, operator, numbers: this.#numbers })
    return { operator, environment: { ...environment, settings: { ...environment.settings, ...changes } } }
  }

  /** Lets the virtual time go on until the work has ended. */
  settle<T>(work: Promise<T>): Promise<T> {
    return this.world.clock.settle(work)
  }

  /** A command in a process of its own, from its beginning to its end. */
  async type<T>(
    actor: string,
    command: (environment: Environment) => Promise<T>,
    changes: Partial<Environment['settings']> = {},
  ): Promise<T> {
    const { operator, environment } = this.process(actor, changes)
    return this.settle(command(environment)).finally(() => {
      operator.finished = true
    })
  }
}
