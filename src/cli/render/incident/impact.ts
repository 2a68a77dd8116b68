import type { BadRelease, IncidentOperation, IncidentReport } from '../../../domain/incident/report.ts'
import { lasted, list, said, time } from './text.ts'

const HOW: { readonly [how in BadRelease['how']]: string } = {
  reverted: 'taken back by its own operation',
  'rolled-away': 'gone back from by a person',
  'not-verified': 'never verified',
}

export function impactSection({ impact, operations }: IncidentReport): readonly string[] {
  const bad = impact.bad.map(badLine)
  const closed = impact.closed.map(
    ({ since, until, closedMs, operation }) =>
      `users saw the maintenance page ${until === null ? `since ${time(since)}, and still do` : `for ${lasted(closedMs)}: ${time(since)} to ${time(until)}`} (${operation})`,
  )
  return [
    ...list(
      [...bad, ...closed, ...operations.flatMap(answers)],
      'Users got no bad release and no maintenance page, by the journal.',
    ),
    '',
    'How many users, and what they saw, the journal does not know:',
  ]
}

function badLine({ sha, color, how, since, until, liveMs, broughtBy, endedBy }: BadRelease): string {
  const who = `**${sha.slice(0, 12)}** on ${color}, ${HOW[how]}`
  const from = since === null ? 'from before this report' : `from ${time(since)} (${broughtBy ?? 'unknown'})`
  const to = until === null ? 'and users still get it' : `to ${time(until)} (${endedBy ?? 'unknown'})`
  return `${who}: users got it${liveMs === null ? '' : ` for ${lasted(liveMs)}`}, ${from} ${to}`
}

/** What was counted or asked while it had the traffic. */
function answers({ operation, answers: counted, failedIn, error }: IncidentOperation): readonly string[] {
  const lines = []
  if (counted !== null)
    lines.push(`while ${operation} watched: ${counted.requests} requests, ${counted.serverErrors} server errors`)
  if (failedIn === 'verify' && error !== null)
    lines.push(
      `what ${operation} saw behind the edge: ${said([error.message, ...(error.details ?? []).slice(0, 3)].join('; '))}`,
    )
  return lines
}
