import { emptyCatalog } from '../catalog/catalog.ts'
import type { Applied } from '../replay/changes.ts'
import { type Replay, type ServerFacts, statementRecord } from '../replay/replay.ts'
import { type RunnerTransaction, runFile } from '../replay/run-file.ts'
import { type Finding, judgeDeploy, type RuleTable } from '../rules/judge.ts'
import { type ParsedFile, parseFile } from '../sql/parse-file.ts'
import type { SqlParser } from '../sql/parser.ts'
import type { ReportedFile, ReportedFinding } from './report.ts'

export interface LintFile {
  /** As it is shown. */
  readonly path: string
  readonly text: string
  /** What of it runs on the way up; the same length. */
  readonly visible: string
  readonly transaction: RunnerTransaction
  /** Judged, or history that only builds the schema. */
  readonly isPending: boolean
}

export interface LintSettings {
  readonly server: ServerFacts
  readonly rules: RuleTable
  /** `each`: every pending file is a deploy of its own. `together`: all of them are one. */
  readonly deploys: 'each' | 'together'
  /** Whether what no file creates may have been there before (replay.ts). */
  readonly world: Replay['world']
}

export interface LintResult {
  readonly files: readonly ReportedFile[]
  readonly statements: number
}

/** Replays the files in order and judges the pending ones against the schema before them. */
export function lintFiles(parser: SqlParser, files: readonly LintFile[], settings: LintSettings): LintResult {
  const replay = newReplay(parser, settings)
  const reported: ReportedFile[] = []
  let statements = 0
  let deploy: { applied: Applied[]; files: { file: LintFile; parsed: ParsedFile; index: number }[] } = {
    applied: [],
    files: [],
  }
  const judge = () => {
    if (deploy.files.length === 0) return
    const findings = judgeDeploy(replay.catalog, settings.server, deploy.applied, settings.rules)
    for (const one of deploy.files) reported.push(reportFile(one, findings))
    deploy = { applied: [], files: [] }
    replay.catalog.mark()
  }
  files.forEach((file, index) => {
    const parsed = parseFile(parser, file.text, file.visible)
    const applied = runFile(replay, parsed, index, file.transaction)
    if (!file.isPending) {
      replay.catalog.mark()
      return
    }
    statements += parsed.statements.length
    deploy.applied.push(...applied)
    deploy.files.push({ file, parsed, index })
    if (settings.deploys === 'each') judge()
  })
  judge()
  return { files: reported, statements }
}

function newReplay(parser: SqlParser, { server, world }: LintSettings): Replay {
  return {
    catalog: emptyCatalog(),
    parser,
    server,
    world,
    searchPath: ['public'],
    settings: {},
    record: statementRecord(),
    children: new Map(),
    bodies: new Map(),
  }
}

function reportFile(
  { file, parsed, index }: { file: LintFile; parsed: ParsedFile; index: number },
  findings: readonly Finding[],
): ReportedFile {
  const own = findings.filter(({ applied }) => applied.statement.file === index)
  const problems = parsed.problems.map(({ message, at }) => ({ finding: syntaxError(parsed, message, at), at }))
  const all = [
    ...own.map((one) => ({ finding: reportFinding(parsed, one), at: one.applied.statement.start })),
    ...problems,
  ]
  return { path: file.path, findings: all.toSorted((a, b) => a.at - b.at).map(({ finding }) => finding) }
}

const MAX_STATEMENT_CHARS = 300

function reportFinding(parsed: ParsedFile, finding: Finding): ReportedFinding {
  const { start, end } = finding.applied.statement
  const { line, column } = parsed.positions.at(start)
  return {
    rule: finding.rule,
    axis: finding.axis,
    severity: finding.severity,
    line,
    column: column.utf16,
    statement: parsed.source.slice(start, Math.min(end, start + MAX_STATEMENT_CHARS)),
    ...(finding.sqlstate === null ? {} : { sqlstate: finding.sqlstate }),
    ...(finding.lock === null ? {} : { lock: finding.lock, rewrite: finding.rewrite }),
    message: finding.message,
    safe: finding.safe,
  }
}

function syntaxError(parsed: ParsedFile, message: string, at: number): ReportedFinding {
  const { line, column } = parsed.positions.at(at)
  return {
    rule: 'read-sql',
    axis: 'L',
    severity: 'block',
    line,
    column: column.utf16,
    statement: parsed.source.slice(at, at + 80).split('\n')[0] ?? '',
    sqlstate: '42601',
    message: `PostgreSQL's grammar does not take it: ${message}`,
    safe: 'Correct it; everything else of the file was judged all the same.',
  }
}
