import { type Color, isColor, otherColor } from '../color.ts'
import { BackflipError, refusal } from '../errors.ts'
import type { OperationState } from '../history/operation.ts'
import type { EnvironmentRecord } from '../history/record.ts'
import { type Sha, short } from '../ids.ts'
import type { PlanFacts } from './facts.ts'
import type { Assumptions, Plan } from './plan.ts'
import { consumedWayBack } from './way-back.ts'

/** The live color and its release; the edge and the journal must agree, or nobody plans anything. */
export function agreedLive({
  record,
  edge,
}: Pick<PlanFacts, 'record' | 'edge'>): { readonly color: Color; readonly sha: Sha } | null {
  const said = record.live
  const served = isColor(edge.live) ? edge.live : null
  if ((said?.color ?? null) !== served) {
    // Half a switch, or users kept away while data is restored: that operation's own business until it has ended.
    if (record.open !== null) throw operationOpen(record.open)
    throw new BackflipError(`the edge sends traffic to ${edge.live}, and the journal says ${said?.color ?? 'none'}`, {
      code: 'drift',
      kind: 'person',
      details: ['nothing was changed; which one is right is for a person to say'],
      hint: 'backflip doctor',
    })
  }
  return said === null ? null : { color: said.color, sha: said.sha }
}

/** Error `operation-open` (kind `held`): an operation that runs, died or is stuck comes first. */
export function refuseWhileOpen({ open }: Pick<EnvironmentRecord, 'open'>): void {
  if (open !== null) throw operationOpen(open)
}

function operationOpen({ plan, startedAt, actor, unwinding }: OperationState): BackflipError {
  return new BackflipError(`the ${plan.kind} ${plan.operation} is unfinished`, {
    code: 'operation-open',
    kind: 'held',
    details: [`begun at ${startedAt} by ${actor}`, unwinding === null ? 'it was going forward' : 'it was going back'],
    hint: 'backflip status   (when nobody works on it any more: backflip resume, or backflip abort)',
  })
}

/** The color that an operation may recreate: never the live one. The first release goes to blue. */
export function standbyColor(live: { readonly color: Color } | null): Color {
  return live === null ? 'blue' : otherColor(live.color)
}

export function assumptions(facts: Pick<PlanFacts, 'record' | 'edge'>): Assumptions {
  const live = agreedLive(facts)
  const color = standbyColor(live)
  return {
    live,
    standby: { color, sha: facts.record.colors[color].sha },
    edgeGeneration: facts.edge.generation,
    lastOperation: facts.record.last?.operation ?? null,
  }
}

/** Error `plan-outdated` (kind `refused`) when what a plan assumed is no longer so. */
export function assertStillTrue(assumed: Assumptions, now: Assumptions): void {
  const changed: string[] = []
  if (assumed.live?.sha !== now.live?.sha || assumed.live?.color !== now.live?.color) {
    changed.push(`live was ${say(assumed.live)}, is ${say(now.live)}`)
  }
  if (assumed.standby.color !== now.standby.color || assumed.standby.sha !== now.standby.sha) {
    changed.push(`standby was ${say(assumed.standby)}, is ${say(now.standby)}`)
  }
  if (assumed.edgeGeneration !== now.edgeGeneration || assumed.lastOperation !== now.lastOperation)
    changed.push('another operation ran at this edge since')
  if (changed.length === 0) return
  throw refusal('what the plan assumed is no longer so', {
    code: 'plan-outdated',
    details: changed,
    hint: 'plan again: the same command',
  })
}

/** A way back that the plan does not name (its release was marked good meanwhile) is not destroyed (I6). Error `plan-outdated`. */
export function assertConsumesNoMore({ kind, mode, assumes, consumes }: Plan, record: EnvironmentRecord): void {
  // These empty no color.
  if (mode === 'fast' || kind === 'restore' || kind === 'sql') return
  const now = consumedWayBack(record, assumes.standby.color)
  if (now === null || now === consumes) return
  throw refusal('the plan would now destroy a way back that it does not name', {
    code: 'plan-outdated',
    details: [now],
    hint: 'plan again: the same command',
  })
}

function say(one: { readonly color: Color; readonly sha: Sha | null } | null): string {
  if (one === null) return 'nothing'
  return one.sha === null ? `${one.color}, empty` : `${short(one.sha)} on ${one.color}`
}

export function refuseWhileFrozen({ record }: Pick<PlanFacts, 'record'>): void {
  const { freeze } = record
  if (freeze === null) return
  throw refusal(`deploys are frozen: ${freeze.reason}`, {
    code: 'frozen',
    details: [`by ${freeze.actor} at ${freeze.at}`],
    hint: 'backflip unfreeze --reason TEXT',
  })
}
