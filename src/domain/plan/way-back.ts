import { type Color, otherColor } from '../color.ts'
import { goodReleases } from '../history/good.ts'
import type { EnvironmentRecord } from '../history/record.ts'
import { short } from '../ids.ts'

/** The fast way back that emptying a color destroys, in words; null when it holds none. */
export function consumedWayBack(record: EnvironmentRecord, color: Color): string | null {
  const held = record.colors[color]
  if (held.is !== 'started' || held.sha === null || record.live?.color === color) return null
  if (!isProved(record, color)) return null
  return `the fast way back to ${short(held.sha)} on ${color}`
}

/** Why the standby color is no way back by what the journal knows; null when it is one. */
export function whyNotFast(record: EnvironmentRecord): string | null {
  const { live } = record
  if (live === null) return 'nothing is live'
  const color = otherColor(live.color)
  const held = record.colors[color]
  if (held.sha === null || held.is === 'empty') return `${color} is empty`
  if (held.is === 'stopped')
    return `${color} held ${short(held.sha)} and was stopped at ${held.since ?? 'an unknown time'}`
  if (held.is === 'launching') return `${color} is being launched with ${short(held.sha)}`
  if (held.sha === live.sha) return `${color} holds ${short(held.sha)}, which is live`
  const unfinished = whyUnfinished(record)
  if (unfinished !== null) return unfinished
  if (isProved(record, color)) return null
  const fate = record.served.findLast((one) => one.operation === held.operation)?.fate
  switch (fate) {
    case undefined:
      return `${color} holds ${short(held.sha)}, which never got traffic (${failedPhase(record, color)})`
    case 'reverted':
      return `${color} holds ${short(held.sha)}, which was reverted`
    case 'rolled-away':
      return `${color} holds ${short(held.sha)}, which was rolled away from`
    default:
      return `${color} holds ${short(held.sha)}, which was never proved good`
  }
}

/**
 * Whether the very instances that a color holds were proved: the launch that made them got the traffic and passed F. A release that was good before
 * and was launched again without getting there is a release to go back to, and its instances are no fast way.
 */
function isProved(record: EnvironmentRecord, color: Color): boolean {
  const { sha, operation } = record.colors[color]
  if (sha === null || !goodReleases(record).includes(sha)) return false
  return record.served.some((one) => one.operation === operation && one.sha === sha && one.fate === 'good')
}

/** Traffic is on a release that has not passed F yet: going back is the open operation's own business until then. */
function whyUnfinished({ open, live }: EnvironmentRecord): string | null {
  if (open === null || live === null || open.plan.operation !== live.operation) return null
  const { kind } = open.plan
  return `the ${kind} of ${short(live.sha)} has not passed F yet (${kind === 'rollback' ? 'backflip resume' : 'backflip abort'})`
}

function failedPhase({ last, colors }: EnvironmentRecord, color: Color): string {
  if (last === null || last.operation !== colors[color].operation || last.phase === null)
    return 'its launch did not finish'
  return `its ${last.kind} failed in ${last.phase}`
}
