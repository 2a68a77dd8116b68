import { counted } from '../../../lib/counted.ts'
import type { RunnerTransaction } from '../../../migrations/replay/sent-as.ts'
import type { LintOutcome } from '../../../operations/migrations/lint-migrations.ts'
import type { Paint } from '../style.ts'

const MARKS = { block: '✗', warn: '!', note: '·' } as const
const PAINTS = { block: 'bad', warn: 'warn', note: 'dim' } as const
const AXES = { N: 'previous release', L: 'lock', I: 'irreversible' } as const

const HOW_SENT: { readonly [How in RunnerTransaction]: string } = {
  batch: 'one transaction for all that is pending',
  wrapped: 'one transaction a file',
  file: 'one transaction a file of several statements',
  script: 'one query a file, or one a statement',
  sorted: 'one transaction a file that needs one',
  statement: 'no transaction',
  unknown: 'transaction unknown',
}

/** For people: what blocks and warns, and how it was understood. Notes only when asked for: they say what is fine. */
export function renderLintText({ report, sets }: LintOutcome, paint: Paint, withNotes: boolean): string {
  const lines: string[] = []
  for (const { path, findings } of report.files) {
    const shown = findings.filter(({ severity }) => withNotes || severity !== 'note')
    if (shown.length === 0) continue
    lines.push(paint('strong', path))
    for (const { rule, axis, severity, line, column, message, sqlstate, lock, rewrite, safe } of shown) {
      const facts = [sqlstate, lock, rewrite === true ? 'rewrite' : undefined]
        .filter((one) => one !== undefined)
        .join(', ')
      lines.push(
        `  ${paint(PAINTS[severity], `${MARKS[severity]} ${line}:${column}`)}  ${message}${facts === '' ? '' : ` (${facts})`}`,
        `      ${paint('dim', `${AXES[axis]} · ${rule}`)}${severity === 'note' ? '' : paint('dim', ` · ${safe}`)}`,
      )
    }
    lines.push('')
  }
  for (const { root, layout, because, transaction, history, judged, deploys } of sets) {
    const how = HOW_SENT[transaction]
    const as = deploys === 'each' ? 'each as one deploy' : 'together as one deploy'
    lines.push(paint('dim', `${root}: ${layout} (${because}; ${how}), ${judged} judged ${as}, ${history} before them`))
  }
  const { files, statements, block, warn, note, breaking } = report.summary
  lines.push(
    `${counted(files, 'file')}, ${counted(statements, 'statement')}: ${block} block, ${warn} warn, ${note} note; ${counted(breaking, 'file')} ${breaking === 1 ? 'breaks' : 'break'} the previous release`,
  )
  return `${lines.join('\n')}\n`
}
