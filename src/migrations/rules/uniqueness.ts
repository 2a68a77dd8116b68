import { indexOf, tableOf } from '../catalog/catalog.ts'
import type { Constraint, Table } from '../catalog/types.ts'
import type { RuleContext } from './define-rule.ts'

/**
 * Whether a column among them is one that this deploy adds and that the previous release need not fill: its rows have NULL there, or the default,
 * and NULLs are never equal.
 */
export function isOnNewColumn({ before, columnAfter }: RuleContext, table: Table, columns: readonly number[]): boolean {
  const old = tableOf(before, table.oid)
  return columns.some((id) => {
    if (old === undefined || old.columns.some((one) => one.id === id)) return false
    const column = columnAfter(table.oid, id)
    return (
      column === undefined ||
      !column.notNull ||
      column.default !== null ||
      column.identity !== null ||
      column.generated !== null
    )
  })
}

/** Every column is one that this deploy adds. */
export function areAllNew({ before }: RuleContext, table: Table, columns: readonly number[]): boolean {
  const old = tableOf(before, table.oid)
  return columns.length > 0 && columns.every((id) => old?.columns.some((one) => one.id === id) !== true)
}

/** The constraint is still there when the deploy ends. */
export function isKept({ after }: RuleContext, table: Table, { oid }: Constraint): boolean {
  return tableOf(after, table.oid)?.constraints.some((one) => one.oid === oid) === true
}

/** The same rule stood on the table before, perhaps under another name. */
export function hadSameConstraint({ before }: RuleContext, table: Table, constraint: Constraint): boolean {
  return tableOf(before, table.oid)?.constraints.some(({ definition }) => definition === constraint.definition) === true
}

/** A unique index with the same keys was there: dropped and made again, nothing new is refused. */
export function hasSameIndexBefore(context: RuleContext, table: Table, constraint: Constraint): boolean {
  const made = constraint.index === null ? undefined : indexOf(context.after, constraint.index)
  return made !== undefined && hadIndexLike(context, table, made.definition)
}

export function hadIndexLike({ applied, before }: RuleContext, table: Table, definition: string): boolean {
  // Among what this deploy took away, or what still stands: every index of before is one of them.
  const gone = applied.some(({ changes }) =>
    changes.some(
      (one) =>
        (one.kind === 'drop-index' &&
          one.index.table === table.oid &&
          one.index.definition === definition &&
          before.relation(one.index.oid) !== undefined) ||
        (one.kind === 'drop-constraint' &&
          one.table.oid === table.oid &&
          one.constraint.index !== null &&
          indexOf(before, one.constraint.index)?.definition === definition),
    ),
  )
  return gone
}
