import type { IncidentOperation, IncidentReport } from '../../../domain/incident/report.ts'
import { counted } from '../../../lib/counted.ts'
import { list, said, time } from './text.ts'

const PROOF = { 'not-yet': 'not proved yet', verified: 'verified', failed: '**not whole**' } as const

export function dataSection({ snapshots, operations }: IncidentReport): readonly string[] {
  return list(
    [
      ...snapshots.map(
        ({ snapshot, service, takenAt, before, verified }) =>
          `snapshot ${snapshot} of ${service}, ${time(takenAt)}, before ${said(before)}: ${PROOF[verified]}`,
      ),
      ...operations.flatMap(restored),
    ],
    'No snapshot was taken, and no data was put back.',
  )
}

function restored({ operation, kind, replaced, lost, exported }: IncidentOperation): readonly string[] {
  if (kind !== 'restore' || replaced.length === 0) return []
  return [
    ...replaced.map(
      ({ service, from, keptAs }) =>
        `${service} was put back to ${from} by ${operation}; what was live is kept as ${keptAs}`,
    ),
    lost === null
      ? `how much ${operation} lost nobody counted`
      : `${counted(lost, 'transaction')} lost by ${operation}`,
    ...exported.map(
      ({ file, rows }) => `${counted(rows, 'row')} that ${rows === 1 ? 'is' : 'are'} gone from the data: ${said(file)}`,
    ),
  ]
}
