import type { OperationState } from '../history/operation.ts'
import { short } from '../ids.ts'
import type { Effect, Entry, Fact, Outcome } from '../journal.ts'
import { phaseLetter } from '../phase.ts'
import type { Plan } from '../plan/plan.ts'
import type { Moment } from './report.ts'

type Said = Pick<Moment, 'text' | 'tookMs'>

/** What of one operation belongs into a timeline: its ends, where users were sent, what failed, who took it up again. Single steps do not. */
export function momentsOf({ plan }: OperationState, entries: readonly Entry[]): readonly Moment[] {
  return entries.flatMap((entry) => {
    const { seq, at, operation, actor, fact } = entry
    return say(plan, fact).map((said) => ({ seq, at, operation, actor, ...said }))
  })
}

function say(plan: Plan, fact: Fact): readonly Said[] {
  switch (fact.kind) {
    case 'operation-started':
      return [line(`${nameOf(plan)} began${plan.reason === null ? '' : `: ${plan.reason}`}`)]
    case 'operation-resumed':
      return [line(`taken up again by process ${fact.by.pid} on ${fact.by.host}`)]
    case 'step-succeeded':
      return fact.effects.flatMap((effect) => sayEffect(effect, false))
    case 'undo-finished':
      return fact.effects.flatMap((effect) => sayEffect(effect, true))
    case 'step-failed':
      return [line(`${titled(plan, fact.step)} failed: ${fact.error.message}`, fact.tookMs)]
    case 'unwinding':
      return [line(`going back, from phase ${phaseLetter(fact.phase)}: ${fact.because.message}`)]
    case 'undo-failed':
      return [line(`stuck: ${titled(plan, fact.step)} could not be undone: ${fact.error.message}`)]
    case 'hook-failed':
      return [line(`hook ${fact.hook} failed: ${fact.error.message}`)]
    case 'operation-finished':
      return [
        line(
          `${plan.kind} ended: ${fact.outcome}${freezes(plan, fact.outcome) ? '; deploys are frozen' : ''}`,
          fact.tookMs,
        ),
      ]
    default:
      return []
  }
}

/** As the fold of the environment has it: so that nothing ships the bad release again by itself. */
export function freezes({ kind }: Pick<Plan, 'kind'>, outcome: Outcome | 'open'): boolean {
  return (kind === 'rollback' || kind === 'restore') && (outcome === 'done' || outcome === 'unsettled')
}

function line(text: string, tookMs: number | null = null): Said {
  return { text, tookMs }
}

function sayEffect(effect: Effect, isUndo: boolean): readonly Said[] {
  switch (effect.effect) {
    case 'live': {
      const where =
        effect.sha === null || effect.color === null ? 'no release' : `${short(effect.sha)} on ${effect.color}`
      return [line(isUndo ? `users get ${where} again` : `users get ${where} from here on`)]
    }
    case 'maintenance':
      return [line(effect.on ? 'users see the maintenance page from here on' : 'users are let in again')]
    case 'migrated':
      return [line(`the migrations of ${short(effect.sha)} were applied`)]
    case 'sql-run':
      return [line(effect.inverseOf === null ? 'SQL was run by hand' : `${effect.inverseOf} was taken back by SQL`)]
    case 'snapshot-taken':
      return [line(`snapshot ${effect.snapshot} of ${effect.service} taken`)]
    case 'data-replaced':
      return [line(`${effect.service} is what ${effect.from} holds; what was live is kept as ${effect.keptAs}`)]
    case 'data-put-back':
      return [line(`${effect.service} is what it was before`)]
    default:
      return []
  }
}

function titled(plan: Plan, id: string): string {
  const step = plan.steps.find((one) => one.id === id)
  return step === undefined ? id : `${phaseLetter(step.phase)} ${step.title}`
}

/** `fast rollback to 2f81c03a9d…`: for people. */
export function nameOf({ kind, mode, target }: Pick<Plan, 'kind' | 'mode' | 'target'>): string {
  const what = mode === null ? kind : mode === 'undo' ? `${kind} that takes another back` : `${mode} ${kind}`
  if (target === null) return what
  return kind === 'rollback' || kind === 'restore'
    ? `${what} to ${short(target.sha)}`
    : `${what} of ${short(target.sha)}`
}

/** What people did beside operations; null for what belongs into no timeline. */
export function momentOf({ seq, at, operation, actor, fact }: Entry): Moment | null {
  const said = sayNote(fact)
  return said === null ? null : { seq, at, operation, actor, ...said }
}

function sayNote(fact: Fact): Said | null {
  switch (fact.kind) {
    case 'frozen':
      return line(`deploys frozen: ${fact.reason}`)
    case 'unfrozen':
      return line(`freeze lifted: ${fact.reason}`)
    case 'lease-broken':
      return line(`lock broken: ${fact.reason}`)
    case 'journal-adopted':
      return line(
        `${fact.previous === null ? 'the edge was' : `the edge of journal ${fact.previous} was`} adopted: ${fact.reason}`,
      )
    case 'marked-good':
      return line(`${short(fact.sha)} marked good: ${fact.reason}`)
    case 'override-asked': {
      const { kind, target, override } = fact.request
      return line(
        `a second person asked to agree to ${override.rules.join(', ')} in the ${kind} of ${short(target)}: ${override.reason}`,
      )
    }
    case 'override-approved':
      return line(`override ${fact.key.slice(0, 12)} agreed to`)
    case 'drift-repaired':
      return line(`mended by doctor: ${fact.what}`)
    case 'snapshot-verified':
      return line(
        `snapshot ${fact.snapshot} of ${fact.service} ${fact.isVerified ? 'verified' : 'is not whole'}`,
        fact.tookMs,
      )
    case 'prune-ordered': {
      const names = [...fact.snapshots.map(({ snapshot }) => snapshot), ...fact.kept.map(({ keptAs }) => keptAs)]
      return line(`pruned: ${names.join(', ')}`)
    }
    default:
      return null
  }
}
