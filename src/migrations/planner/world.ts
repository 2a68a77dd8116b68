import type { Relation } from '../catalog/types.ts'
import { type LintFile, lintFiles, newReplay } from '../lint/lint.ts'
import type { ReportedFinding } from '../lint/report.ts'
import type { Applied, ChangeKind } from '../replay/changes.ts'
import type { Replay, ServerFacts } from '../replay/replay.ts'
import { runFile } from '../replay/run-file.ts'
import { RULES } from '../rules/index.ts'
import { type Finding, judgeDeploy, ruleTable } from '../rules/judge.ts'
import { type ParsedFile, parseFile } from '../sql/parse-file.ts'
import type { SqlParser } from '../sql/parser.ts'

/** Where the plan is made: the schema that the history builds, as often as it is asked for. */
export interface PlanWorld {
  readonly parser: SqlParser
  readonly server: ServerFacts
  readonly world: Replay['world']
  /** `2026-11-25`. */
  readonly today: string
}

export interface Observed {
  readonly replay: Replay
  readonly parsed: readonly ParsedFile[]
  /** Of the files of the deploy. */
  readonly applied: readonly Applied[]
  readonly findings: readonly Finding[]
  readonly creationOf: (kind: ChangeKind, oid: number) => string | null
  readonly relations: readonly Relation[]
}

const RULE_TABLE = ruleTable(RULES.filter(({ group }) => group === 'core'))

/** Replays the history, then the files of one deploy, and judges them. The catalog stands at their end and remembers their beginning. */
export function observe(world: PlanWorld, history: readonly LintFile[], deploy: readonly LintFile[]): Observed {
  const replay = newReplay(world.parser, world)
  const creations = new Map<string, string>()
  history.forEach((file, index) => {
    const parsed = parseFile(world.parser, file.text, file.visible)
    for (const { statement, changes } of runFile(replay, parsed, index, file.transaction)) {
      for (const one of changes) {
        const oid = createdOid(one)
        if (oid !== null) creations.set(`${one.kind} ${oid}`, statement.sql.slice(statement.start, statement.end))
      }
    }
  })
  replay.catalog.mark()
  const relations = [...replay.catalog.relations.values()]
  const parsed = deploy.map((file) => parseFile(world.parser, file.text, file.visible))
  const applied = deploy.flatMap((file, index) => runFile(replay, parsed[index] as ParsedFile, index, file.transaction))
  return {
    replay,
    parsed,
    applied,
    findings: judgeDeploy(replay.catalog, world.server, applied, RULE_TABLE),
    creationOf: (kind, oid) => creations.get(`${kind} ${oid}`) ?? null,
    relations,
  }
}

function createdOid(one: Applied['changes'][number]): number | null {
  if (one.kind === 'create-view' || one.kind === 'replace-view') return one.view.oid
  if (one.kind === 'create-routine') return one.routine.oid
  return one.kind === 'create-type' ? one.type.oid : null
}

/** What the linter has against the files as a deploy of their own: findings that block. */
export function blockedBy(
  world: PlanWorld,
  history: readonly LintFile[],
  deploy: readonly LintFile[],
): readonly ReportedFinding[] {
  const files = [
    ...history.map((one) => ({ ...one, isPending: false })),
    ...deploy.map((one) => ({ ...one, isPending: true })),
  ]
  const settings = {
    server: world.server,
    world: world.world,
    today: world.today,
    rules: RULE_TABLE,
    deploys: 'together' as const,
  }
  return lintFiles(world.parser, files, settings).files.flatMap(({ findings }) =>
    findings.filter(({ severity }) => severity === 'block'),
  )
}
