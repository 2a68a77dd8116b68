import type { Column, Table } from '../../catalog/types.ts'
import { indexUses } from '../../replay/rename-in-expressions.ts'
import { type AskedChange, changeOf, type Planner } from '../asked-change.ts'
import { columnSql, constraintSql, indexSql } from '../describe-table.ts'
import { ident, tableSql } from '../names.ts'
import { deploy, marker, together } from '../sequence.ts'

/** Row 1: releases stop using it, and it goes when none of the window does. Until then an INSERT without it must pass. */
export const planDropColumn: Planner = (change) => {
  const found = changeOf(change, 'drop-column')
  if (found === undefined) return null
  const { table, column } = found
  const label = `${table.name}_${column.name}`
  const alter = `ALTER TABLE ${tableSql(table)} ALTER COLUMN ${ident(column.name)}`
  const mustRelax = column.notNull && column.default === null && column.identity === null && column.generated === null
  return {
    stages: [
      deploy(
        'switch',
        `Neither read nor write ${table.name}.${column.name}; no SELECT * and no INSERT without a list of columns.`,
        mustRelax
          ? together(`release_${label}`, [`${alter} DROP NOT NULL`], [`${alter} SET NOT NULL`])
          : marker(`stop_using_${label}`),
      ),
      deploy(
        'contract',
        'Nothing new. The values are lost with it: keep the snapshot.',
        together(
          `drop_${label}`,
          [change.sql],
          again(change, table, { ...column, notNull: column.notNull && !mustRelax }),
        ),
      ),
    ],
  }
}

/** The shape of it: values do not come back. */
function again(change: AskedChange, table: Table, column: Column): readonly string[] {
  const sql = columnSql(change, table, column)
  if (sql === null) return [`-- ${column.name} is in no migration, or is generated: write ADD COLUMN here`]
  const mentions = ({ columns }: { readonly columns: readonly number[] }) => columns.includes(column.id)
  const constraints = table.constraints.filter(mentions).flatMap((one) => {
    const text = constraintSql(change, table, one)
    return text === null ? [] : [`ALTER TABLE ${tableSql(table)} ADD CONSTRAINT ${ident(one.name)} ${text}`]
  })
  const indexes = change.before.indexesOf(table.oid).flatMap((one) => {
    const isOwn = one.constraint === null && indexUses(one, column)
    const text = isOwn ? indexSql(change, table, one, { name: one.name, isConcurrent: false }) : null
    return text === null ? [] : [text]
  })
  return [`ALTER TABLE ${tableSql(table)} ADD COLUMN ${sql}`, ...constraints, ...indexes]
}
