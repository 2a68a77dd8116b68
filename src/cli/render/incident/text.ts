import type { OperationId } from '../../../domain/ids.ts'
import type { IncidentReport } from '../../../domain/incident/report.ts'
import { formatDuration } from '../../../lib/duration.ts'
import { oneLine } from '../../require-reason.ts'

const MAX_TEXT = 500

/** Somebody's words in a Markdown document: on one line, bounded, and never a table, a link or HTML of their own. */
export function said(text: string): string {
  const line = oneLine(text)
  const cut = line.length > MAX_TEXT ? `${line.slice(0, MAX_TEXT - 1)}…` : line
  return cut
    .replaceAll('\\', '\\\\')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll(/[|[\]`*]/g, (one) => `\\${one}`)
}

/** `2026-11-25 03:12:04.120Z` */
export function time(at: string): string {
  return at.replace('T', ' ')
}

/** `operation 2`: as the report counts them. One that is not in it by its id. */
export function numbered({ operations }: Pick<IncidentReport, 'operations'>): (id: OperationId | null) => string {
  return (id) => {
    const index = operations.findIndex(({ operation }) => operation === id)
    return index < 0 ? (id ?? 'an unknown operation') : `operation ${index + 1}`
  }
}

export function lasted(ms: number | null): string {
  return ms === null ? '' : formatDuration(ms)
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)]
}

export function list(lines: readonly string[], none: string): readonly string[] {
  return lines.length === 0 ? [none] : lines.map((line) => `- ${line}`)
}
