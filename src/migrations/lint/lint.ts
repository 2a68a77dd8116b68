import { emptyCatalog } from '../catalog/catalog.ts'
import type { Applied } from '../replay/changes.ts'
import { type Replay, type ServerFacts, statementRecord } from '../replay/replay.ts'
import { runFile } from '../replay/run-file.ts'
import type { RunnerTransaction } from '../replay/sent-as.ts'
import type { Axis, Severity } from '../rules/define-rule.ts'
import { RULES_BY_ID } from '../rules/index.ts'
import { type Finding, judgeDeploy, type RuleTable } from '../rules/judge.ts'
import { type ParsedFile, parseFile } from '../sql/parse-file.ts'
import type { SqlParser } from '../sql/parser.ts'
import { applyDirectives, type DirectiveFacts } from './apply-directives.ts'
import { readDirectives } from './directives.ts'
import type { ReportedFile, ReportedFinding } from './report.ts'

export interface LintFile {
  /** As its runner records it; what a contract names. */
  readonly name: string
  /** As it is shown. */
  readonly path: string
  readonly text: string
  /** What of it runs on the way up; the same length. */
  readonly visible: string
  readonly transaction: RunnerTransaction
  /** Judged, or history that only builds the schema. */
  readonly isPending: boolean
  /** What is wrong with it as a file. */
  readonly problems?: readonly FileProblem[]
}

export interface FileProblem {
  readonly rule: string
  readonly axis: Axis
  readonly severity: Severity
  readonly message: string
}

export interface LintSettings {
  readonly server: ServerFacts
  readonly rules: RuleTable
  /** `each`: every pending file is a deploy of its own. `together`: all of them are one. */
  readonly deploys: 'each' | 'together'
  /** Whether what no file creates may have been there before (replay.ts). */
  readonly world: Replay['world']
  /** `2026-11-25`: whether an allow has expired. */
  readonly today: string
}

export interface LintResult {
  readonly files: readonly ReportedFile[]
  readonly statements: number
}

interface DeployFile {
  readonly file: LintFile
  readonly parsed: ParsedFile
  readonly index: number
}

/** Replays the files in order and judges the pending ones against the schema before them. */
export function lintFiles(parser: SqlParser, files: readonly LintFile[], settings: LintSettings): LintResult {
  const replay = newReplay(parser, settings)
  const reported: ReportedFile[] = []
  const earlier = new Set<string>()
  let statements = 0
  let applied: Applied[] = []
  let deploy: DeployFile[] = []
  const judge = () => {
    if (deploy.length === 0) return
    const findings = judgeDeploy(replay.catalog, settings.server, applied, settings.rules)
    const facts = { today: settings.today, earlier: earlier.size === 0 ? null : earlier }
    for (const one of deploy) reported.push(reportFile(one, findings, facts))
    for (const { file } of deploy) earlier.add(file.name)
    applied = []
    deploy = []
    replay.batch = null
    replay.catalog.mark()
  }
  files.forEach((file, index) => {
    const parsed = parseFile(parser, file.text, file.visible)
    const done = runFile(replay, parsed, index, file.transaction)
    if (!file.isPending) {
      earlier.add(file.name)
      replay.batch = null
      replay.catalog.mark()
      const problems = problemFindings(file, parsed)
      if (problems.length > 0) reported.push({ path: file.path, findings: problems })
      return
    }
    statements += parsed.statements.length
    for (const one of done) applied.push(one)
    deploy.push({ file, parsed, index })
    if (settings.deploys === 'each') judge()
  })
  judge()
  return { files: reported, statements }
}

/** A schema with nothing in it. */
export function newReplay(parser: SqlParser, { server, world }: Pick<LintSettings, 'server' | 'world'>): Replay {
  return {
    catalog: emptyCatalog(),
    parser,
    server,
    world,
    searchPath: ['public'],
    settings: {},
    batch: null,
    record: statementRecord(),
    children: new Map(),
    bodies: new Map(),
    temporary: [],
  }
}

function reportFile({ file, parsed, index }: DeployFile, all: readonly Finding[], facts: DirectiveFacts): ReportedFile {
  const own = all.filter(({ applied }) => applied.statement.file === index)
  const directives = readDirectives(parsed.source, parsed.statements)
  const { findings, problems } = applyDirectives(own, directives, facts)
  const placed = [
    ...findings.map((one) => ({ finding: reportFinding(parsed, one), at: one.applied.statement.start })),
    ...problems.map((one) => ({ finding: ownFinding(parsed, one), at: one.at })),
    ...parsed.problems.map(({ message, at }) => {
      const said = `PostgreSQL's grammar does not take it: ${message}`
      return {
        finding: {
          ...ownFinding(parsed, { rule: 'read-sql', severity: 'block', message: said, at }),
          sqlstate: '42601',
        },
        at,
      }
    }),
  ]
  const inOrder = placed.toSorted((a, b) => a.at - b.at).map(({ finding }) => finding)
  return { path: file.path, findings: [...problemFindings(file, parsed), ...inOrder] }
}

const MAX_STATEMENT_CHARS = 300

function reportFinding(parsed: ParsedFile, finding: Finding): ReportedFinding {
  const { start, end } = finding.applied.statement
  const { line, column } = parsed.positions.lineAt(start)
  return {
    rule: finding.rule,
    axis: finding.axis,
    severity: finding.severity,
    line,
    column,
    statement: parsed.source.slice(start, Math.min(end, start + MAX_STATEMENT_CHARS)),
    ...(finding.sqlstate === null ? {} : { sqlstate: finding.sqlstate }),
    ...(finding.lock === null ? {} : { lock: finding.lock, rewrite: finding.rewrite }),
    message: finding.message,
    safe: finding.safe,
  }
}

function problemFindings({ problems = [] }: LintFile, parsed: ParsedFile): readonly ReportedFinding[] {
  return problems.map((one) => ({ ...ownFinding(parsed, { ...one, at: 0 }), axis: one.axis }))
}

/** A finding about the file's text rather than a statement. */
function ownFinding(
  parsed: ParsedFile,
  { rule, severity, message, at }: { rule: string; severity: Severity; message: string; at: number },
): ReportedFinding {
  const { line, column } = parsed.positions.lineAt(at)
  return {
    rule,
    axis: 'L',
    severity,
    line,
    column,
    statement: parsed.source.slice(at, at + MAX_STATEMENT_CHARS).split('\n')[0] ?? '',
    message,
    safe: RULES_BY_ID.get(rule)?.safeWay ?? '',
  }
}
