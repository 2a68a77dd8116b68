import { type Color, otherColor } from '../color.ts'
import { goodReleases } from '../history/good.ts'
import type { EnvironmentRecord } from '../history/record.ts'
import { short } from '../ids.ts'

/** The fast way back that emptying a color destroys, in words; null when it holds none. */
export function consumedWayBack(record: EnvironmentRecord, color: Color): string | null {
  const held = record.colors[color]
  if (held.is !== 'started' || held.sha === null || record.live?.color === color) return null
  if (!goodReleases(record).includes(held.sha)) return null
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
  const fate = record.served.findLast((one) => one.sha === held.sha)?.fate
  if (goodReleases(record).includes(held.sha)) return null
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

function failedPhase(record: EnvironmentRecord, color: Color): string {
  const { last } = record
  if (last === null || last.operation !== record.colors[color].operation || last.phase === null)
    return 'its deploy did not finish'
  return `its deploy failed in ${last.phase}`
}
