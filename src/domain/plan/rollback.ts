import { type Color, otherColor } from '../color.ts'
import { overrideLines, refuseIncompatible, verdictLine } from '../compatibility/gate.ts'
import type { AgreedOverride } from '../compatibility/override.ts'
import { type ReleaseVerdict, verdictOf } from '../compatibility/verdict.ts'
import { rollbackWindow } from '../compatibility/window.ts'
import { type BackflipError, refusal } from '../errors.ts'
import { goodReleases, lastGoodBefore } from '../history/good.ts'
import type { EnvironmentRecord } from '../history/record.ts'
import { type Sha, short } from '../ids.ts'
import { planHead, refuseWhatIsLive, type UnhashedPlan } from './deploy.ts'
import type { PlanFacts, ReleaseFacts } from './facts.ts'
import { agreedLive } from './guards.ts'
import { checkSteps, launchSteps, prepareSteps, switchSteps, topologyWith, verifySteps } from './launch-steps.ts'
import { consumedWayBack, whyNotFast } from './way-back.ts'

export type RollbackMode = 'auto' | 'fast' | 'full'

/** Which release a rollback goes to: the one asked for, if it was good here, or the last good one before the live one. */
export function rollbackTarget({ record, edge }: Pick<PlanFacts, 'record' | 'edge'>, asked: Sha | null): Sha {
  const live = agreedLive({ record, edge })
  if (live === null) throw nothingLive()
  if (asked === null) {
    const target = lastGoodBefore(record)
    if (target !== null) return target
    throw refusal(`nothing that served before ${short(live.sha)} was ever good and still is`, {
      code: 'no-good-release',
      hint: 'backflip history',
    })
  }
  refuseWhatIsLive(live, asked)
  if (goodReleases(record).includes(asked)) return asked
  throw notGood(record, asked)
}

export function nothingLive(): BackflipError {
  return refusal('nothing is live, so there is nothing to go back from', {
    code: 'nothing-live',
    hint: 'backflip deploy SHA',
  })
}

function notGood({ served }: EnvironmentRecord, asked: Sha): BackflipError {
  const fate = served.findLast(({ sha }) => sha === asked)?.fate
  if (fate === undefined)
    return refusal(`${short(asked)} is not a good release here: it never got traffic`, {
      code: 'not-good',
      hint: 'backflip releases   (those that say good can be gone back to)',
    })
  const why = {
    reverted: 'it was reverted',
    'rolled-away': 'it was rolled away from',
    unproven: 'it never passed phase F',
    good: 'it was reverted',
  }[fate]
  return refusal(`${short(asked)} is not a good release here: ${why}`, {
    code: 'not-good',
    hint: `backflip releases mark-good ${asked} --reason TEXT`,
  })
}

export interface RollbackAsk {
  readonly mode: RollbackMode
  readonly target: ReleaseFacts
  readonly live: ReleaseFacts
  /** Why the standby color cannot take traffic right now, from a look at the world; empty when it can. */
  readonly notReady: readonly string[]
  /** Why its instances could not be looked at; left out, or null, when they were. */
  readonly unseen?: string | null
  /** Of the target on today's schema; left out where nothing migrates. */
  readonly verdict?: ReleaseVerdict | null
  /** Left out when nobody takes anything on themselves. */
  readonly override?: AgreedOverride | null
}

/** A flip when the standby color holds the target and is ready; otherwise the target is deployed again. Never migrates. */
export function planRollback(facts: PlanFacts, ask: RollbackAsk): UnhashedPlan {
  const live = agreedLive(facts)
  if (live === null) throw nothingLive()
  const { verdict = null, override = null } = ask
  refuseIncompatible(verdict, override, othersThatFit(facts, ask.target.sha))
  const color = otherColor(live.color)
  const closed = whyFastIsClosed(facts, ask)
  if (ask.mode === 'fast' && closed.length > 0) {
    throw refusal(`fast rollback refused: ${color} is not ready to take traffic with ${short(ask.target.sha)}`, {
      code: 'fast-closed',
      details: closed,
      hint: `backflip rollback ${ask.target.sha} --mode full`,
    })
  }
  const fast = ask.mode !== 'full' && closed.length === 0
  const common = {
    target: { color, sha: ask.target.sha },
    from: live,
    ...(override === null ? {} : { override }),
  }
  const schema = [
    ...(verdict === null ? [] : [verdictLine(verdict)]),
    ...(override === null ? [] : overrideLines(override, null)),
  ]
  if (fast) {
    return {
      ...planHead(facts, 'rollback', 'fast'),
      ...common,
      consumes: null,
      because: [...whyReady(color, ask), ...schema],
      steps: [
        ...checkSteps(facts, color, ask.target, 1),
        ...switchSteps(color, ask.target, true),
        ...verifySteps(facts, color, ask.target, false),
      ],
    }
  }
  return {
    ...planHead(facts, 'rollback', 'full'),
    ...common,
    consumes: consumedWayBack(facts.record, color),
    because: [...(ask.mode === 'full' ? ['a full rollback was asked for'] : closed), ...schema],
    steps: [
      ...prepareSteps(facts, ask.target),
      ...launchSteps(facts, color, ask.target, topologyWith(facts, color, ask.target, ask.live)),
      ...checkSteps(facts, color, ask.target, facts.settings.check.consecutive),
      ...switchSteps(color, ask.target, true),
      ...verifySteps(facts, color, ask.target, true),
    ],
  }
}

function whyReady(color: Color, { target, unseen = null }: RollbackAsk): readonly string[] {
  const holds = `${color} holds ${short(target.sha)}`
  if (unseen === null) return [`${holds}, running and healthy`]
  return [
    `${holds}, and the edge sees all of it up`,
    `its instances are not seen (${unseen}): each is asked before the switch`,
  ]
}

function othersThatFit({ record }: PlanFacts, target: Sha): readonly Sha[] {
  return rollbackWindow(record).filter(
    (sha) => sha !== target && sha !== record.live?.sha && verdictOf(record, sha)?.verdict === 'compatible',
  )
}

function whyFastIsClosed({ record }: PlanFacts, { target, notReady }: RollbackAsk): readonly string[] {
  const color = otherColor(record.live?.color ?? 'green')
  const held = record.colors[color]
  const why = whyNotFast(record)
  if (why !== null) return [why]
  if (held.sha === target.sha) return notReady
  return [`${color} holds ${held.sha === null ? 'nothing' : short(held.sha)}, not ${short(target.sha)}`]
}
