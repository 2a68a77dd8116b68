import { type Color, isColor } from '../../../src/domain/color.ts'
import type { Sha } from '../../../src/domain/ids.ts'
import type { Entry, Fact } from '../../../src/domain/journal.ts'
import type { Plan } from '../../../src/domain/plan/plan.ts'
import type { Journal } from '../../../src/ports/journal.ts'
import type { JournalWatch } from '../../fakes/journal.ts'
import type { Operator } from '../../fakes/operator.ts'
import { answer, instanceFor } from '../../fakes/probe.ts'
import { isHealthyInPlace } from '../../fakes/releases.ts'
import type { Change, World } from '../../fakes/world.ts'
import { Oracle } from './oracle.ts'

export interface Violation {
  readonly invariant: string
  readonly text: string
}

/** Watches every atomic change of the world and every entry, and knows the truth about both. */
export class Judge implements JournalWatch {
  readonly violations: Violation[] = []
  readonly oracle = new Oracle()
  readonly #world: World
  #lease: { readonly operator: Operator; readonly token: number } | null = null
  /** Who works on the environment: the last one to begin, or take up, an operation. */
  #inCharge: Operator | null = null
  #live: string = 'none'
  /** Traffic went to the target while the operation was open. */
  #moved = false
  #stuck = false
  readonly #asked = new Map<string, Sha | null>()
  /** The open operation has made sure of what a way back needs. */
  #wayBackIsHere = false
  /** It is looking: what is lost in this instant is nobody's fault. */
  verifying = false
  onLine: (text: string) => void = () => undefined
  /** An operation begins of which the runtime was not told. */
  onUntold: () => void = () => undefined

  constructor(world: World) {
    this.#world = world
    world.onChange = (change) => this.#changed(change)
  }

  violate(invariant: string, text: string): void {
    this.violations.push({ invariant, text })
    this.onLine(`✗ ${invariant}: ${text}`)
  }

  #changed(change: Change): void {
    this.onLine(`${change.operator === null ? 'world' : change.operator.actor}: ${change.what}`)
    this.#watchTraffic(change)
    this.#watchTouched(change)
    this.#watchLateWrites(change)
  }

  #watchTraffic({ operator, what }: Change): void {
    const { edge } = this.#world
    const { live } = edge.memory
    const moved = live !== this.#live
    this.#live = live
    const { plan } = this.oracle
    if (moved && operator !== null && this.#moved && plan?.kind === 'rollback' && live === plan.from?.color)
      this.violate('pivot', `a rollback flips back to ${live}, which it left`)
    if (moved && live === plan?.target?.color) this.#moved = true
    if (moved && this.#stuck && operator !== null)
      this.violate('I1', `traffic moves (${what}) while the operation is stuck`)
    if (isColor(live)) {
      const why = this.#whyUnfit(live, moved && operator !== null)
      if (why !== null) this.violate('I1', `traffic goes to ${live} after "${what}": ${why}`)
    }
    const next = edge.file?.state.live
    if (next !== undefined && next !== live && isColor(next)) {
      const why = this.#whyUnfit(next, false)
      if (why !== null) this.violate('I1', `the state file sends traffic to ${next} after "${what}": ${why}`)
    }
  }

  /** Why nobody may be sent to a color; at the moment of a switch it must be healthy too. */
  #whyUnfit(color: Color, switching: boolean): string | null {
    const instances = this.#world.instancesOf(color)
    const [first] = instances
    if (first === undefined) return 'it is empty'
    const { components } = first.release.manifest
    if (instances.length < components.length)
      return `only ${instances.length} of ${components.length} instances are there`
    if (instances.some(({ sha }) => sha !== first.sha)) return 'its instances are of different releases'
    const stopped = instances.find(({ state, died }) => state === 'stopped' && (switching || !died))
    if (stopped !== undefined) return `${stopped.name} is stopped`
    if (switching && !isHealthyInPlace(first.release.variety)) return `its release is ${first.release.variety}`
    return null
  }

  #watchTouched({ operator, what, touches }: Change): void {
    if (touches === undefined || operator === null) return
    const { memory, file } = this.#world.edge
    if (memory.live === touches) this.violate('I2', `"${what}" while ${touches} is live`)
    else if (file?.state.live === touches) this.violate('I2', `"${what}" while the state file names ${touches}`)
    if (!/^(?:remove|stop) /.test(what)) return
    const sha = this.oracle.fastTo(touches)
    const { plan } = this.oracle
    if (sha === null || plan?.target?.sha === sha) return
    if (plan?.consumes == null)
      this.violate('I6', `"${what}" destroys the way back to ${sha.slice(0, 4)}, and no plan says so`)
  }

  #watchLateWrites({ operator, what, fenced }: Change): void {
    if (operator === null || !fenced || this.#inCharge === null || operator === this.#inCharge) return
    if (operator.generation < this.#inCharge.generation)
      this.violate('I7', `"${what}" of ${operator.actor} landed after ${this.#inCharge.actor} had taken over`)
  }

  taken(operator: Operator, ask: Parameters<Journal['takeLease']>[0], token: number): void {
    const before = this.#lease?.operator
    this.onLine(`${operator.actor}: takes lease ${token}${ask.replaces === undefined ? '' : ` (${ask.replaces.why})`}`)
    if (ask.replaces?.why.startsWith('adopted') === true && before !== undefined && !before.dead && !before.finished)
      this.violate('I7', `${operator.actor} adopted the lease of ${before.actor}, who lives`)
    this.#lease = { operator, token }
  }

  appended(operator: Operator, entries: readonly Entry[]): void {
    if (this.#lease?.operator !== operator)
      this.violate('I7', `${operator.actor} wrote to the journal without the lease`)
    for (const entry of entries) {
      this.onLine(`${operator.actor}: journal ${describe(entry.fact)}`)
      if (entry.fact.kind === 'operation-finished') this.#finished(entry.fact)
      this.#follow(operator, entry.fact)
      this.oracle.read(entry)
    }
  }

  #follow(operator: Operator, fact: Fact): void {
    if (fact.kind === 'operation-started' || fact.kind === 'operation-resumed') this.#inCharge = operator
    if (fact.kind === 'operation-started') {
      if (fact.untold !== undefined) this.onUntold()
      if (fact.plan.kind === 'deploy' && this.oracle.frozen)
        this.violate('freeze', 'a deploy begins while deploys are frozen')
      if (fact.plan.kind === 'rollback') this.#watchTarget(fact.plan)
      this.#moved = false
      this.#wayBackIsHere = false
    }
    if ('step' in fact) this.verifying = fact.kind === 'step-started' && fact.step === 'verify-way-back'
    if (fact.kind === 'step-succeeded' && fact.step === 'verify-way-back') this.#wayBackIsHere = this.#liveIsCached()
    if (fact.kind === 'step-started' && fact.step === 'empty-color') this.#watchWayBack()
    if (fact.kind === 'undo-failed') this.#stuck = true
    if (fact.kind === 'operation-resumed') this.#stuck = false
  }

  #liveIsCached(): boolean {
    const sha = this.oracle.plan?.from?.sha
    return sha === undefined || this.#world.cached.has(sha)
  }

  /** Before a color is emptied for another release, what serves now must be at hand, verified. */
  #watchWayBack(): void {
    const { plan } = this.oracle
    if (plan?.target == null || plan.from === null || this.#wayBackIsHere) return
    this.violate('I6', `phase C begins, and nobody made sure that ${plan.from.sha.slice(0, 4)} is in the cache`)
  }

  /** I4 and I5 at the instant of the report. */
  #finished({ outcome }: Extract<Fact, { kind: 'operation-finished' }>): void {
    const { plan } = this.oracle
    if (plan === null) {
      this.violate('I8', 'an operation finished that never began')
      return
    }
    if (outcome === 'done') this.#done(plan)
    if (outcome === 'failed' || outcome === 'aborted') this.#undone(plan, outcome)
    if (outcome === 'reverted' && this.#live !== (plan.from?.color ?? 'none'))
      this.violate('I4', `it says reverted, and traffic goes to ${this.#live}`)
  }

  #done({ kind, target, steps }: Plan): void {
    if (target !== null) {
      const wrong = this.#whyNotServed(target.color, target.sha)
      if (wrong !== null) this.violate('I4', `it says done, and ${wrong}`)
      return
    }
    const color = (steps[0]?.params as { readonly color?: Color } | undefined)?.color
    if (kind === 'cleanup' && color !== undefined && this.#world.instancesOf(color).length > 0)
      this.violate('I4', `it says done, and ${color} is not empty`)
  }

  #whyNotServed(color: Color, sha: Sha): string | null {
    const { edge } = this.#world
    if (edge.memory.live !== color) return `traffic goes to ${edge.memory.live}`
    for (const component of edge.loaded?.colors[color] ?? []) {
      const instance = instanceFor(this.#world, color, component.health.path)
      if (instance?.died === true) continue
      const { status, sha: said } = answer(instance, 'public', 1)
      if (status !== 200 || said !== sha)
        return `the public gets status ${status} from ${said?.slice(0, 4)} for ${component.name}`
    }
    return null
  }

  #undone({ operation, from }: Plan, outcome: string): void {
    if (this.#moved) this.violate('I4', `it says ${outcome}, and users saw the release`)
    if (this.#live !== (from?.color ?? 'none'))
      this.violate('I4', `it says ${outcome}, and traffic goes to ${this.#live}`)
    const kept = ['check', 'switch', 'verify'].includes(this.oracle.unwindingFrom ?? '')
    const left = [...this.#world.runtime.instances.values()].find(
      (one) => one.operation === operation && one.state === 'running',
    )
    if (left !== undefined && !kept) this.violate('I5', `it says ${outcome}, and ${left.name} of it still runs`)
  }

  /** What a plan was asked for: its target is judged when it begins, under the lease. */
  rollbackPlanned({ operation }: Plan, asked: Sha | null): void {
    this.#asked.set(operation, asked)
  }

  #watchTarget({ operation, mode, target, from }: Plan): void {
    const asked = this.#asked.get(operation)
    if (target === null || from === null) return
    if (mode === 'fast' && this.oracle.fastTo(target.color) !== target.sha)
      this.violate('way back', `a flip to ${target.sha.slice(0, 4)} on ${target.color}, whose launch was never proved`)
    if (!this.oracle.isGood(target.sha))
      this.violate('way back', `a rollback to ${target.sha.slice(0, 4)}, which is not good`)
    const best = this.oracle.wayBack(from.sha)
    if (asked === null && best !== target.sha)
      this.violate(
        'way back',
        `a rollback to ${target.sha.slice(0, 4)}, where ${best?.slice(0, 4)} is the last good one`,
      )
  }
}

function describe(fact: Fact): string {
  const step = 'step' in fact ? ` ${fact.step}` : ''
  switch (fact.kind) {
    case 'operation-started':
      return `${fact.kind} ${fact.plan.kind} ${fact.plan.mode ?? ''} ${fact.plan.target?.sha.slice(0, 4) ?? ''}`
    case 'operation-finished':
      return `${fact.kind} ${fact.outcome} ${fact.error?.code ?? ''}`
    case 'step-failed':
      return `${fact.kind}${step} ${fact.error.code}: ${fact.error.message} (remains: ${fact.remains})`
    case 'undo-failed':
      return `${fact.kind}${step} ${fact.error.code}`
    case 'undo-finished':
      return `${fact.kind}${step}${fact.kept === null ? '' : ` (${fact.kept})`}`
    default:
      return `${fact.kind}${step}`
  }
}
