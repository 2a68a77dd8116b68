import type { Color } from '../../../src/domain/color.ts'
import type { Sha } from '../../../src/domain/ids.ts'
import type { Effect, Entry } from '../../../src/domain/journal.ts'
import type { Plan } from '../../../src/domain/plan/plan.ts'

type Fate = 'unproven' | 'good' | 'reverted' | 'left'

/**
 * What a release is worth, told a second time and independently of the production fold: a fault in that one must not be judged by itself.
 */
export class Oracle {
  plan: Plan | null = null
  /** The open operation's unwinding began in this phase. */
  unwindingFrom: string | null = null
  frozen = false
  readonly #held: Record<Color, { readonly sha: Sha; readonly operation: string | null } | null> = {
    blue: null,
    green: null,
  }
  readonly #served: { readonly sha: Sha; readonly operation: string; fate: Fate }[] = []
  readonly #blocked = new Set<Sha>()

  read({ fact, operation }: Entry): void {
    switch (fact.kind) {
      case 'operation-started':
        this.plan = fact.plan
        this.unwindingFrom = null
        return
      case 'frozen':
      case 'unfrozen':
        this.frozen = fact.kind === 'frozen'
        return
      case 'unwinding':
        this.unwindingFrom = fact.phase
        return
      case 'step-succeeded':
        for (const effect of fact.effects) this.#effect(effect, operation)
        return
      case 'undo-finished':
        for (const effect of fact.effects) if (effect.effect !== 'live') this.#effect(effect, operation)
        return
      case 'marked-good':
        this.#judge(fact.sha, 'good')
        return
      case 'operation-finished':
        this.#finished(fact.outcome)
        return
    }
  }

  #effect(effect: Effect, operation: string | null): void {
    if (effect.effect === 'color-emptied') this.#held[effect.color] = null
    if (effect.effect === 'color-started') this.#held[effect.color] = { sha: effect.sha, operation }
    if (effect.effect === 'live' && effect.sha !== null && operation !== null)
      this.#served.push({ sha: effect.sha, operation, fate: 'unproven' })
  }

  #judge(sha: Sha, fate: Fate): void {
    for (const one of this.#served) if (one.sha === sha) one.fate = fate
    if (fate === 'good') this.#blocked.delete(sha)
  }

  #finished(outcome: string): void {
    const { plan } = this
    this.plan = null
    if (plan?.target == null) return
    if (outcome === 'reverted') {
      this.#blocked.add(plan.target.sha)
      if (this.#served.some(({ operation }) => operation === plan.operation)) this.#judge(plan.target.sha, 'reverted')
    }
    if (outcome !== 'done' && outcome !== 'unsettled') return
    if (plan.kind === 'rollback') this.frozen = true
    if (plan.kind === 'rollback' && plan.from !== null) this.#judge(plan.from.sha, 'left')
    if (outcome === 'done') this.#judge(plan.target.sha, 'good')
  }

  isGood(sha: Sha | null): boolean {
    return sha !== null && !this.#blocked.has(sha) && this.#served.some((one) => one.sha === sha && one.fate === 'good')
  }

  /** What a flip to the color would bring back: the release of a launch that itself got the traffic and passed; null when there is none. */
  fastTo(color: Color): Sha | null {
    const held = this.#held[color]
    if (held === null || !this.isGood(held.sha)) return null
    const proved = this.#served.some(({ operation, fate }) => operation === held.operation && fate === 'good')
    return proved ? held.sha : null
  }

  /** Where a rollback without a SHA must go. */
  wayBack(live: Sha): Sha | null {
    const since = this.#served.findLastIndex(({ sha }) => sha === live)
    const earlier = this.#served.slice(0, Math.max(0, since))
    return earlier.findLast(({ sha, fate }) => sha !== live && fate === 'good' && this.isGood(sha))?.sha ?? null
  }
}
