import type { IncidentReport, ReleaseChange } from '../../../domain/incident/report.ts'
import { list, said, time } from './text.ts'

export function changesSection({ changes }: IncidentReport): readonly string[] {
  return list(changes.map(changeLine), 'Nothing.')
}

function changeLine({ sha, from, builtBy, builtAt, difference }: ReleaseChange): string {
  const built =
    builtBy === null || builtAt === null
      ? 'its manifest is not on this host'
      : `built by ${said(builtBy)} at ${said(time(builtAt))}`
  const who = `**${sha.slice(0, 12)}**, ${built}`
  if (from === null) return `${who}: the first one here`
  const instead = `in the place of ${from.slice(0, 12)}`
  if (difference === null) return `${who}, ${instead}: how they differ is not known here`
  const { components, migrations } = difference
  const facts = [
    components.length === 0 ? 'no component differs' : `differs in ${components.join(', ')}`,
    ...Object.entries(migrations).flatMap(([how, names]) =>
      names.length === 0 ? [] : [`migrations ${how}: ${said(names.join(', '))}`],
    ),
  ]
  return `${who}, ${instead}: ${facts.join('; ')} (\`backflip diff ${from} ${sha}\`)`
}
