import { counted } from '../../../lib/counted.ts'
import type { LintReport } from '../../../migrations/lint/report.ts'

const MAX_ROWS = 100
const WORDS = { block: '**block**', warn: 'warn', note: 'note' } as const

/** A comment for a pull request: what blocks first, cut where nobody reads on. */
export function renderMarkdown({ files, summary }: LintReport): string {
  const rows = files.flatMap(({ path, findings }) =>
    findings.filter(({ severity }) => severity !== 'note').map((finding) => ({ path, ...finding })),
  )
  const sorted = [
    ...rows.filter(({ severity }) => severity === 'block'),
    ...rows.filter(({ severity }) => severity === 'warn'),
  ]
  const verdict =
    summary.block > 0
      ? `**${counted(summary.block, 'finding')} ${summary.block === 1 ? 'blocks' : 'block'}** this deploy; ${summary.breaking} of ${counted(summary.files, 'file')} ${summary.breaking === 1 ? 'breaks' : 'break'} the previous release.`
      : `Nothing blocks: ${counted(summary.files, 'file')}, ${counted(summary.statements, 'statement')}, ${counted(summary.warn, 'warning')}.`
  const table = sorted
    .slice(0, MAX_ROWS)
    .map(
      ({ path, line, rule, axis, severity, message, safe, sqlstate, lock }) =>
        `| ${WORDS[severity]} | \`${cell(path)}:${line}\` | ${axis} · ${rule} | ${cell(message)}${facts(sqlstate, lock)} | ${cell(safe)} |`,
    )
  const more = sorted.length > MAX_ROWS ? [`\n… and ${sorted.length - MAX_ROWS} more.`] : []
  const head =
    table.length === 0
      ? []
      : ['', '| | where | rule | what | the safe way |', '| --- | --- | --- | --- | --- |', ...table]
  return `### Migrations\n\n${[verdict, ...head, ...more].join('\n')}\n`
}

function facts(...all: readonly (string | undefined)[]): string {
  const known = all.filter((one) => one !== undefined)
  return known.length === 0 ? '' : ` (${known.join(', ')})`
}

function cell(text: string): string {
  return text
    .replaceAll('|', '\\|')
    .replaceAll(/[\r\n]+/g, ' ')
    .replaceAll('<', '&lt;')
}
