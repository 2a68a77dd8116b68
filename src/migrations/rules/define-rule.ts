import type { CatalogView } from '../catalog/catalog.ts'
import type { Column, Oid, Table } from '../catalog/types.ts'
import type { Applied, Change, ChangeKind, ChangeOf, Statement } from '../replay/changes.ts'
import type { ServerFacts } from '../replay/replay.ts'
import type { RunnerTransaction } from '../replay/sent-as.ts'
import type { NodeOf, Tag } from '../sql/node.ts'

/** N: the previous release breaks. L: it blocks. I: it cannot be undone. */
export type Axis = 'N' | 'L' | 'I'
/** `block` ends with exit code 3; `warn` is for a person to weigh; `note` says what is so. */
export type Severity = 'block' | 'warn' | 'note'

/** `style` is off until it is asked for: style and timeouts together are more than half of what other linters say (research/migrations.md §6). */
export type RuleGroup = 'core' | 'timeout' | 'style'

export interface Rule {
  /** `<verb>-<object>`, also the name of its file. */
  readonly id: string
  /** The axis of its findings, the first one where it has several. */
  readonly axes: readonly Axis[]
  readonly group: RuleGroup
  /** `files`: seen in the files of a run, not in their SQL; its examples are words. */
  readonly scope?: 'files'
  /** What happens, in one sentence. */
  readonly summary: string
  /** Why, for the page about the rule: two or three sentences. */
  readonly why: string
  /** SQLSTATEs that statements of the previous release get, or that the migration itself fails with. */
  readonly fails?: readonly string[]
  /** What to do instead. */
  readonly safeWay: string
  readonly examples: RuleExamples
  readonly on?: {
    readonly [Kind in ChangeKind]?: (change: ChangeOf<Kind>, context: RuleContext, applied: Applied) => void
  }
  readonly onStatement?: { readonly [T in Tag]?: (node: NodeOf<T>, context: RuleContext, applied: Applied) => void }
  readonly atEnd?: (context: RuleContext) => void
}

/** Run as tests: `bad` fires the rule, `good` does not. */
export interface RuleExamples {
  /** The history before the deploy. Without one, what the example does not create was there before. */
  readonly given?: string
  readonly bad: string
  readonly good: string
  /** How the runner sends the example; default `unknown`. */
  readonly transaction?: RunnerTransaction
  readonly major?: number
}

export interface Report {
  readonly message: string
  readonly axis?: Axis
  /** Default `block`. */
  readonly severity?: Severity
  readonly sqlstate?: string
  /** The relation whose lock and rewrite the finding states. */
  readonly relation?: Oid
  /** Default: the rule’s. */
  readonly safe?: string
}

export interface RuleContext {
  readonly before: CatalogView
  readonly after: CatalogView
  readonly server: ServerFacts
  /** Everything that the deploy does, in order. */
  readonly applied: readonly Applied[]
  readonly report: (applied: Applied, report: Report) => void
  /** Whether a finding already stated the lock of that relation at that statement. */
  readonly isSaid: (applied: Applied, relation: Oid) => boolean
  /** The relation was there before the deploy: it has rows, and readers that wait. */
  readonly existed: (oid: Oid) => boolean
  /** The column as it was before the deploy, or undefined when the deploy added it. */
  readonly columnBefore: (table: Oid, id: number) => Column | undefined
  readonly columnAfter: (table: Oid, id: number) => Column | undefined
  /** The last statement that had a hand in a column, by those kinds of change. */
  readonly lastTouch: (table: Oid, column: number, kinds: readonly ChangeKind[]) => Applied | undefined
}

export function defineRule(rule: Rule): Rule {
  return rule
}

/** `users`, or `app.users` outside of the usual schema. */
export function shown(relation: { readonly schema: string; readonly name: string }): string {
  return relation.schema === 'public' || relation.schema === '' ? relation.name : `${relation.schema}.${relation.name}`
}

export function shownColumn(table: Table, column: { readonly name: string }): string {
  return `${shown(table)}.${column.name}`
}

/** Names of columns by their ids, for messages. */
export function columnNames(table: Table, ids: readonly number[]): string {
  const names = ids.flatMap((id) => table.columns.find((one) => one.id === id)?.name ?? [])
  return names.length === 0 ? 'columns' : names.join(', ')
}

export function isIn(statement: Statement, ...kinds: readonly Statement['transaction']['kind'][]): boolean {
  return kinds.includes(statement.transaction.kind)
}

export function changesOf<Kind extends ChangeKind>(applied: Applied, kind: Kind): readonly ChangeOf<Kind>[] {
  return applied.changes.filter((one: Change): one is ChangeOf<Kind> => one.kind === kind)
}
