import type { Override } from '../../../domain/compatibility/override.ts'
import type { IncidentReport } from '../../../domain/incident/report.ts'
import { numbered, said, time } from './text.ts'

export function overridesSection(report: IncidentReport): readonly string[] {
  const { overrides, operations } = report
  const { used, inForce, waiting } = overrides
  const of = numbered(report)
  const tookBack = operations.flatMap((one) => one.tookBack)
  const later = inForce.filter(({ key }) => !used.some((one) => one.key === key))
  const lines = [
    ...used.flatMap((one) => [
      `- used by ${of(one.operation)}, ${said(one.actor)}: ${said(one.rules.join(', '))} of ${said(one.migrations.join(', '))}`,
      ...facts(one, one.approvedBy),
      `  - ${inForce.some(({ key }) => key === one.key) ? 'in force now: a release of the rollback window needs the old shape' : 'not in force any more'}`,
    ]),
    ...later.flatMap((one) => [
      `- in force since ${time(one.at)}, ${said(one.actor)}: ${said(one.rules.join(', '))} of ${said(one.migrations.join(', '))}`,
      ...facts(one, one.approvedBy),
    ]),
    ...waiting.map(
      ({ key, askedBy, askedAt, override }) =>
        `- waits for a second person since ${time(askedAt)}: ${said(override.rules.join(', '))}, asked by ${said(askedBy)} (\`backflip approve ${key.slice(0, 12)}\`)`,
    ),
    ...tookBack.map((migration) => `- ${said(migration)} was taken back by SQL`),
  ]
  return lines.length === 0 ? ['None was used, and none is in force.'] : lines
}

function facts({ reason, inverse, releases, expires }: Override, approvedBy: string | null): readonly string[] {
  return [
    `  - reason: ${said(reason)}`,
    `  - releases that do not survive it: ${releases.map((sha) => sha.slice(0, 12)).join(', ')}`,
    approvedBy === null ? '  - no second person was asked for' : `  - second person: ${said(approvedBy)}`,
    inverse === null
      ? '  - **no inverse**: only a restore brings back what it took away'
      : `  - inverse ${said(inverse.file)}, verified when it was agreed to${inverse.lost.length === 0 ? '' : `; the shape only: ${said(inverse.lost.join('; '))}`}`,
    `  - ${expires === null ? 'does not expire' : `expires on ${expires}`}`,
  ]
}
