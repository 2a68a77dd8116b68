import type { BadRelease, IncidentOperation, IncidentReport } from '../../../domain/incident/report.ts'
import { lasted, list, numbered, said, time } from './text.ts'

type Numbered = ReturnType<typeof numbered>

const HOW: { readonly [how in BadRelease['how']]: string } = {
  reverted: 'taken back by its own operation',
  'rolled-away': 'gone back from by a person',
  'not-verified': 'never verified',
}

export function impactSection(report: IncidentReport): readonly string[] {
  const { impact, operations } = report
  const of = numbered(report)
  const closed = impact.closed.map(
    ({ since, until, closedMs, operation }) =>
      `users saw the maintenance page ${until === null ? `since ${time(since)}, and still do` : `for ${lasted(closedMs)}, from ${time(since)} to ${time(until)}`} (${of(operation)})`,
  )
  const bad = impact.bad.map((one) => badLine(one, of))
  return [
    ...list(
      [...bad, ...closed, ...operations.flatMap((one) => answers(one, of))],
      'Users got no bad release and no maintenance page, by the journal.',
    ),
    '',
    '**How many users, and what they saw of it:**',
  ]
}

function badLine({ sha, color, how, since, until, liveMs, broughtBy, endedBy }: BadRelease, of: Numbered): string {
  const who = `**${sha.slice(0, 12)}** on ${color}, ${HOW[how]}`
  const from = since === null ? 'from before this report' : `from ${time(since)} (${of(broughtBy)})`
  const to = until === null ? 'and users still get it' : `to ${time(until)} (${of(endedBy)})`
  return `${who}: users got it${liveMs === null ? '' : ` for ${lasted(liveMs)}`}, ${from} ${to}`
}

/** What was counted or asked while it had the traffic. */
function answers({ operation, answers: counted, failedIn, error }: IncidentOperation, of: Numbered): readonly string[] {
  const seen = error === null ? [] : [error.message, ...(error.details ?? []).slice(0, 3)]
  return [
    ...(counted === null
      ? []
      : [`while ${of(operation)} watched: ${counted.requests} requests, ${counted.serverErrors} server errors`]),
    ...(failedIn === 'verify' && seen.length > 0
      ? [`${of(operation)} saw behind the edge: ${said(seen.join('; '))}`]
      : []),
  ]
}
