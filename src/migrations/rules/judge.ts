import type { LockMode } from '../../domain/lock-mode.ts'
import { type Catalog, columnOf } from '../catalog/catalog.ts'
import type { Oid } from '../catalog/types.ts'
import type { Applied, ChangeKind } from '../replay/changes.ts'
import type { ServerFacts } from '../replay/replay.ts'
import type { Tag } from '../sql/node.ts'
import type { Axis, Report, Rule, RuleContext, Severity } from './define-rule.ts'

/** What a rule says about one statement of a deploy. */
export interface Finding {
  readonly rule: string
  readonly axis: Axis
  readonly severity: Severity
  readonly applied: Applied
  readonly message: string
  readonly safe: string
  readonly sqlstate: string | null
  readonly lock: LockMode | null
  readonly rewrite: boolean
}

export interface RuleTable {
  readonly onChange: ReadonlyMap<ChangeKind, readonly Handler[]>
  readonly onStatement: ReadonlyMap<Tag, readonly Handler[]>
  readonly atEnd: readonly Rule[]
}

interface Handler {
  readonly rule: Rule
  readonly run: (subject: never, context: RuleContext, applied: Applied) => void
}

/** Which rule listens to what, so that a deploy is gone through once. */
export function ruleTable(rules: readonly Rule[]): RuleTable {
  const onChange = new Map<ChangeKind, Handler[]>()
  const onStatement = new Map<Tag, Handler[]>()
  for (const rule of rules) {
    for (const [kind, run] of Object.entries(rule.on ?? {}))
      push(onChange, kind as ChangeKind, { rule, run: run as Handler['run'] })
    for (const [tag, run] of Object.entries(rule.onStatement ?? {}))
      push(onStatement, tag as Tag, { rule, run: run as Handler['run'] })
  }
  return { onChange, onStatement, atEnd: rules.filter(({ atEnd }) => atEnd !== undefined) }
}

function push<Key>(map: Map<Key, Handler[]>, key: Key, handler: Handler): void {
  const all = map.get(key)
  if (all === undefined) map.set(key, [handler])
  else all.push(handler)
}

/** Judges one deploy: the catalog stands at its end and remembers its beginning. */
export function judgeDeploy(
  catalog: Catalog,
  server: ServerFacts,
  applied: readonly Applied[],
  table: RuleTable,
): readonly Finding[] {
  const found: Finding[] = []
  const seen = new Set<string>()
  const said = new Map<Applied, Set<Oid>>()
  let current: Rule | undefined
  const context: RuleContext = {
    before: catalog.before,
    after: catalog.after,
    server,
    applied,
    existed: (oid) => catalog.before.relation(oid) !== undefined,
    columnBefore: (oid, id) => columnOf(catalog.before, oid, id),
    columnAfter: (oid, id) => columnOf(catalog.after, oid, id),
    lastTouch: (oid, id, kinds) =>
      applied.findLast(({ changes }) => changes.some((one) => touches(one, oid, id, kinds))),
    isSaid: (where, oid) => said.get(where)?.has(oid) === true,
    report(where, report) {
      if (current === undefined) return
      const finding = findingOf(current, where, report)
      const key = `${finding.rule} ${finding.axis} ${where.statement.file} ${where.statement.start} ${finding.message}`
      if (seen.has(key)) return
      seen.add(key)
      found.push(finding)
      if (report.relation === undefined) return
      const relations = said.get(where)
      if (relations === undefined) said.set(where, new Set([report.relation]))
      else relations.add(report.relation)
    },
  }
  const run = (handlers: readonly Handler[] | undefined, subject: unknown, one: Applied) => {
    for (const handler of handlers ?? []) {
      current = handler.rule
      handler.run(subject as never, context, one)
    }
  }
  for (const one of applied) {
    const { node, tag } = one.statement
    run(table.onStatement.get(tag), (node as unknown as Record<string, unknown>)[tag], one)
    for (const change of one.changes) run(table.onChange.get(change.kind), change, one)
  }
  for (const rule of table.atEnd) {
    current = rule
    rule.atEnd?.(context)
  }
  return found
}

function touches(
  change: Applied['changes'][number],
  table: Oid,
  column: number,
  kinds: readonly ChangeKind[],
): boolean {
  return kinds.includes(change.kind) && 'column' in change && change.table.oid === table && change.column.id === column
}

function findingOf(rule: Rule, applied: Applied, report: Report): Finding {
  const relation = report.relation
  return {
    rule: rule.id,
    axis: report.axis ?? rule.axes[0] ?? 'L',
    severity: report.severity ?? 'block',
    applied,
    message: report.message,
    safe: report.safe ?? rule.safeWay,
    sqlstate: report.sqlstate ?? null,
    lock: relation === undefined ? null : (applied.locks.get(relation) ?? null),
    rewrite: relation !== undefined && applied.rewrites.has(relation),
  }
}
