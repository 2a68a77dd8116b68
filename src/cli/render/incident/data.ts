import type { IncidentOperation, IncidentReport } from '../../../domain/incident/report.ts'
import { counted } from '../../../lib/counted.ts'
import { list, numbered, said, time } from './text.ts'

const PROOF = { 'not-yet': 'not proved yet', verified: 'verified', failed: '**not whole**' } as const

export function dataSection(report: IncidentReport): readonly string[] {
  const { snapshots, operations } = report
  const of = numbered(report)
  return list(
    [
      ...snapshots.map(
        ({ snapshot, service, takenAt, before, verified }) =>
          `snapshot ${snapshot} of ${service}, ${time(takenAt)}, before ${said(before)}: ${PROOF[verified]}`,
      ),
      ...operations.flatMap((one) => restored(one, of(one.operation))),
    ],
    'No snapshot was taken, and no data was put back.',
  )
}

function restored({ kind, replaced, lost, exported }: IncidentOperation, who: string): readonly string[] {
  if (kind !== 'restore' || replaced.length === 0) return []
  return [
    ...replaced.map(
      ({ service, snapshot, from, keptAs }) =>
        `${service} was put back to ${snapshot ?? `what ${from} holds`} by ${who}; what was live then is kept as ${keptAs}`,
    ),
    lost === null ? `how much ${who} lost nobody counted` : `${counted(lost, 'transaction')} lost by ${who}`,
    ...exported.map(
      ({ file, rows }) => `${counted(rows, 'row')} that ${rows === 1 ? 'is' : 'are'} gone from the data: ${said(file)}`,
    ),
  ]
}
