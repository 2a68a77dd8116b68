import { changeOf, type Planner } from '../asked-change.ts'
import { ident, tableSql } from '../names.ts'
import { requireValue, whyNotRequire } from '../require-value.ts'
import { backfillHint, backfillOf, deploy, marker } from '../sequence.ts'

/** Row 9: nobody writes NULL, what is NULL is filled, and only then is it required. */
export const planSetNotNull: Planner = (change) => {
  const found = changeOf(change, 'set-not-null')
  if (found === undefined || found.by !== 'column' || changeOf(change, 'add-column') !== undefined) return null
  const { table, column } = found
  const why = whyNotRequire(change, table, column.name)
  if (why !== null) return { noWay: why }
  const [name, where] = [`${table.name}_${column.name}`, `${table.name}.${column.name}`]
  const on = ident(column.name)
  const fill =
    change.value === null
      ? null
      : backfillOf(
          `fill_${name}`,
          `UPDATE ${tableSql(table)} SET ${on} = ${change.value} WHERE ${on} IS NULL`,
          `Fills every ${where} that is NULL.`,
          'window',
        )
  return {
    stages: [
      deploy('switch', `Write a value into ${where} in every INSERT and UPDATE; never NULL.`, marker(`write_${name}`)),
      ...(fill === null ? [] : [fill]),
      requireValue(table, column.name, fill === null ? 'fill them first' : backfillHint(fill)),
    ],
    notes:
      fill === null
        ? [
            `Rows that hold NULL in ${where} make the contract refuse itself: plan again with --value EXPRESSION to fill them.`,
          ]
        : [],
  }
}
