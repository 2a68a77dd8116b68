import type { CatalogView } from '../catalog/catalog.ts'
import type { Column, Oid, Relation, Table } from '../catalog/types.ts'
import type { Applied, ChangeKind, ChangeOf } from '../replay/changes.ts'
import { changesOf } from '../rules/define-rule.ts'
import type { Finding } from '../rules/judge.ts'
import { deparseExpression, deparseStatement } from '../sql/deparse.ts'
import type { Node } from '../sql/node.ts'
import type { SqlParser } from '../sql/parser.ts'
import type { NoWay, Transformation } from './sequence.ts'

/** One statement that a person wants, and what it would do to the schema if it were run as it is. */
export interface AskedChange {
  readonly parser: SqlParser
  readonly node: Node
  /** Without a semicolon. */
  readonly sql: string
  readonly applied: Applied
  readonly findings: readonly Finding[]
  readonly before: CatalogView
  readonly after: CatalogView
  /** Every relation before the change. */
  readonly relations: readonly Relation[]
  /** The statement of the history that made the object, as it was written; null when none did. */
  readonly creationOf: (kind: ChangeKind, oid: Oid) => string | null
  /** What rows get that have no value yet: `--value`. Null when nobody said. */
  readonly value: string | null
}

/** Knows one kind of change. Null: this is none of its. */
export type Planner = (change: AskedChange) => Transformation | NoWay | null

export function changeOf<Kind extends ChangeKind>({ applied }: AskedChange, kind: Kind): ChangeOf<Kind> | undefined {
  return changesOf(applied, kind)[0]
}

/** The SQL of an expression that the catalog keeps as the text of its tree. */
export function expressionSql({ parser }: AskedChange, fingerprint: string, change = (node: Node) => node): string {
  return deparseExpression(parser, change(JSON.parse(fingerprint) as Node))
}

export function statementSql({ parser }: AskedChange, node: Node): string {
  return deparseStatement(parser, node)
}

export function namesOf(table: Table, ids: readonly number[]): readonly string[] {
  return ids.flatMap((id) => table.columns.find((one) => one.id === id)?.name ?? [])
}

export function columnNamed(table: Table, name: string): Column | undefined {
  return table.columns.find((one) => one.name === name)
}
