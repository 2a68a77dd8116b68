import type { Table } from '../../catalog/types.ts'
import { changeOf, type Planner } from '../asked-change.ts'
import { ident, literal, tableSql } from '../names.ts'
import { alone, backfillOf, deploy, marker } from '../sequence.ts'

/** Row 18: a second label beside the first; PostgreSQL cannot take a label away, so the first one stays. */
export const planRenameEnumValue: Planner = (change) => {
  const found = changeOf(change, 'rename-enum-value')
  if (found === undefined) return null
  const { type, from, to } = found
  const columns = change.relations.flatMap((one) =>
    one.kind === 'table'
      ? one.columns
          .filter((column) => column.type?.oid === type.oid && !column.type.isArray)
          .map((column) => ({ table: one as Table, column }))
      : [],
  )
  const add = `ALTER TYPE ${tableSql(type)} ADD VALUE ${literal(to)} BEFORE ${literal(from)}`
  return {
    stages: [
      deploy(
        'expand',
        `Read ${to} as ${from} is read. Write ${from}: an older release does not know ${to}.`,
        alone(
          `add_${type.name}_${to}`,
          add,
          '-- A label of an enum cannot be taken away; nobody writes it, and it does no harm',
        ),
      ),
      deploy('switch', `Write ${to}; read both.`, marker(`write_${type.name}_${to}`)),
      ...columns.map(({ table, column }) =>
        backfillOf(
          `relabel_${table.name}_${column.name}`,
          `UPDATE ${tableSql(table)} SET ${ident(column.name)} = ${literal(to)} WHERE ${ident(column.name)} = ${literal(from)}`,
          `Turns ${from} into ${to}.`,
          'window',
        ),
      ),
    ],
    differs: [`The label ${from} stays in ${type.name}: PostgreSQL cannot take one away.`],
  }
}
