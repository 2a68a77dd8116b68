import type { Replayer } from '../../../migrations/compatibility/replay-files.ts'
import { readDirectives } from '../../../migrations/lint/directives.ts'
import { lintFiles } from '../../../migrations/lint/lint.ts'
import type { ReportedFinding } from '../../../migrations/lint/report.ts'
import type { ServerFacts } from '../../../migrations/replay/replay.ts'
import { RULES } from '../../../migrations/rules/index.ts'
import { ruleTable } from '../../../migrations/rules/judge.ts'
import type { SqlParser } from '../../../migrations/sql/parser.ts'
import type { CheckSubject } from './check-subject.ts'

/** Lines whose statement somebody allowed something about, by path: what is measured there is not said again. */
export function allowedLines(replay: Replayer, { pending }: CheckSubject): ReadonlyMap<string, ReadonlySet<number>> {
  return new Map(
    pending.map(({ file }) => {
      const { source, statements, positions } = replay.parse(file)
      const allowed = readDirectives(source, statements).filter(({ kind }) => kind === 'allow')
      const lines = allowed.flatMap(({ statement }) => (statement === null ? [] : [positions.lineAt(statement).line]))
      return [file.path, new Set(lines)]
    }),
  )
}

/** What the rules block on axis L in the pending files, by path. */
export function lockFindings(
  parser: SqlParser,
  { history, pending }: CheckSubject,
  server: ServerFacts,
  today: string,
): ReadonlyMap<string, readonly ReportedFinding[]> {
  const files = [
    ...history.map((file) => ({ ...file, isPending: false })),
    ...pending.map(({ file }) => ({ ...file, isPending: true })),
  ]
  const world = history.length > 0 ? 'closed' : 'open'
  const rules = ruleTable(RULES.filter(({ axes }) => axes.includes('L')))
  const { files: reported } = lintFiles(parser, files, { server, deploys: 'together', world, today, rules })
  return new Map(
    reported.map(({ path, findings }) => [
      path,
      findings.filter(({ axis, severity, rule }) => axis === 'L' && severity === 'block' && rule !== 'read-sql'),
    ]),
  )
}
