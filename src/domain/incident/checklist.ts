import type { Color } from '../color.ts'
import type { OverrideRecord } from '../compatibility/override.ts'
import type { EnvironmentRecord } from '../history/record.ts'
import { type OperationId, type Sha, short } from '../ids.ts'
import { freezes } from './moments.ts'
import { whyNoFastWay } from './open-matters.ts'
import type { BadRelease, ChecklistItem, IncidentOperation, Moment } from './report.ts'

export interface ChecklistFacts {
  readonly record: EnvironmentRecord
  readonly about: OperationId
  /** Oldest first. */
  readonly operations: readonly IncidentOperation[]
  readonly bad: readonly BadRelease[]
  readonly inForce: readonly OverrideRecord[]
  /** When and by whom deploys were allowed again, the last time in this report; null when nobody did. */
  readonly unfrozen: Moment | null
}

/**
 * What is left to do after an incident (the runbook's list, and what its operations left behind). A tick needs an entry that shows it; what a person
 * did elsewhere, or thought, no entry shows.
 */
export function checklist(facts: ChecklistFacts): readonly ChecklistItem[] {
  return [
    serves(facts),
    settled(facts),
    yours('causes', 'The contributing factors are found, and written down below with those who were there'),
    yours('reviewed-fix', 'The fix went through review and every check, like any other change'),
    fixDeployed(facts),
    ...leftovers(facts),
    ...thawed(facts),
    wayBack(facts),
    ...overrides(facts),
    ...data(facts),
    alert(facts),
    yours('told', 'Users and colleagues were told what happened, and that it is over'),
  ]
}

function item(id: string, text: string, isDone: boolean, evidence: string | null): ChecklistItem {
  return { id, text, isDone, evidence }
}

/** Never ticked: the journal cannot show it. */
function yours(id: string, text: string, known: string | null = null): ChecklistItem {
  return item(id, text, false, known)
}

function serves({ record: { live, served, maintenance } }: ChecklistFacts): ChecklistItem {
  const text = 'Users get a release that passed its verification'
  if (live === null) return item('serves', text, false, 'nothing is live')
  const where = `${short(live.sha)} on ${live.color} since ${live.since}`
  if (maintenance !== null)
    return item('serves', text, false, `users see the maintenance page since ${maintenance.since}`)
  const isGood = served.findLast((one) => one.operation === live.operation && one.sha === live.sha)?.fate === 'good'
  return item('serves', text, isGood, isGood ? where : `${where}: not verified`)
}

function settled({ record: { open } }: ChecklistFacts): ChecklistItem {
  const text = 'No operation is unfinished'
  return item(
    'settled',
    text,
    open === null,
    open === null ? 'none is open' : `${open.plan.kind} ${open.plan.operation}`,
  )
}

function after({ operations, about }: ChecklistFacts): readonly IncidentOperation[] {
  return operations.slice(operations.findIndex(({ operation }) => operation === about) + 1)
}

/** Every release that was bad here: users got it, or its deploy never got so far. */
function badReleases({ operations, bad }: ChecklistFacts): readonly { readonly sha: Sha; readonly color: Color }[] {
  const failed = operations.flatMap(({ kind, outcome, target }) =>
    kind === 'deploy' && outcome !== 'done' && target !== null ? [target] : [],
  )
  const all = [...bad.map(({ sha, color }) => ({ sha, color })), ...failed]
  return all.filter((one, index) => all.findIndex(({ sha }) => sha === one.sha) === index)
}

function fixDeployed(facts: ChecklistFacts): ChecklistItem {
  const { live } = facts.record
  const bad = badReleases(facts).map(({ sha }) => sha)
  const fix = after(facts).findLast(
    ({ kind, outcome, target }) =>
      kind === 'deploy' && outcome === 'done' && target !== null && !bad.includes(target.sha),
  )
  const isLive = fix !== undefined && live?.operation === fix.operation
  return item(
    'deployed-fix',
    'A release other than the bad one was deployed since, and serves',
    isLive,
    isLive ? `${short(live.sha)}, deploy ${fix.operation}` : null,
  )
}

function leftovers(facts: ChecklistFacts): readonly ChecklistItem[] {
  const { colors } = facts.record
  return badReleases(facts).flatMap(({ sha, color }) => {
    const held = colors[color]
    const isFree = held.sha !== sha || held.is === 'empty'
    const now = held.is === 'empty' || held.sha === null ? 'is empty' : `holds ${short(held.sha)}`
    return [
      yours(`logs-${short(sha)}`, `The logs of ${short(sha)} were read, and what is worth keeping was kept`),
      item(
        `color-${short(sha)}`,
        `${color} is free of ${short(sha)} (backflip cleanup, when nobody looks at it any more)`,
        isFree,
        `${color} ${now}${held.since === null ? '' : ` since ${held.since}`}`,
      ),
    ]
  })
}

function thawed({ record: { freeze }, operations, unfrozen }: ChecklistFacts): readonly ChecklistItem[] {
  const wasFrozen = freeze !== null || unfrozen !== null || operations.some((one) => freezes(one, one.outcome))
  if (!wasFrozen) return []
  const evidence =
    freeze !== null
      ? `frozen by ${freeze.actor} since ${freeze.at}: ${freeze.reason}`
      : unfrozen === null
        ? null
        : `by ${unfrozen.actor} at ${unfrozen.at}: ${unfrozen.text}`
  return [item('thawed', 'Deploys are allowed again (backflip unfreeze)', freeze === null, evidence)]
}

function wayBack({ record }: ChecklistFacts): ChecklistItem {
  const why = whyNoFastWay(record)
  const standby = record.live?.color === 'blue' ? 'green' : 'blue'
  const sha = record.colors[standby].sha
  const open = sha === null ? null : `${standby} holds ${short(sha)}; whether it is healthy: backflip status`
  return item('way-back', 'There is a fast way back again', why === null, why ?? open)
}

function overrides({ operations, inForce }: ChecklistFacts): readonly ChecklistItem[] {
  return operations.flatMap(({ operation, override }) => {
    if (override === null) return []
    const isOpen = inForce.some(({ key }) => key === override.key)
    const what = `The override of ${override.rules.join(', ')} by ${operation} is contracted, taken back or over`
    return [item(`override-${operation}`, what, !isOpen, isOpen ? 'it is in force' : 'it is not in force any more')]
  })
}

function data({ operations, record }: ChecklistFacts): readonly ChecklistItem[] {
  const names = operations.flatMap(({ snapshots }) => snapshots.map(({ snapshot }) => snapshot))
  const taken = record.snapshots.filter(({ snapshot }) => names.includes(snapshot))
  const unproved = taken.filter(({ verified }) => verified !== 'verified').map(({ snapshot }) => snapshot)
  const replaced = operations.flatMap((one) => one.replaced)
  const kept = replaced.filter((one) => record.replaced.some(({ keptAs }) => keptAs === one.keptAs))
  const files = operations.flatMap(({ exported }) => exported.filter(({ rows }) => rows > 0).map(({ file }) => file))
  return [
    ...(taken.length === 0
      ? []
      : [
          item(
            'proved',
            'The snapshots that are still kept from these operations are proved',
            unproved.length === 0,
            unproved.length === 0 ? `${taken.length} verified` : `not verified: ${unproved.join(', ')}`,
          ),
        ]),
    ...(replaced.length === 0
      ? []
      : [
          yours(
            'entered-again',
            'What the restore lost was entered again, or somebody decided that it is gone',
            files.length === 0 ? null : files.join(', '),
          ),
          item(
            'pruned',
            'What the restore replaced is not kept any more',
            kept.length === 0,
            kept.length === 0 ? null : `kept: ${kept.map(({ keptAs }) => keptAs).join(', ')}`,
          ),
        ]),
  ]
}

function alert(facts: ChecklistFacts): ChecklistItem {
  const good = after(facts).findLast(({ kind, outcome }) => kind === 'deploy' && outcome === 'done')
  const known = good === undefined ? null : `deploy ${good.operation} ended well at ${good.finishedAt ?? ''}`
  return yours('alert', 'The alert about failed deploys is quiet again', known)
}
