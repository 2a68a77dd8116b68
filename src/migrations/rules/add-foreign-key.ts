import { tableOf } from '../catalog/catalog.ts'
import type { Constraint, Table } from '../catalog/types.ts'
import { columnNames, defineRule, type RuleContext, shown } from './define-rule.ts'
import { hadSameConstraint, isKept } from './uniqueness.ts'

export const addForeignKey = defineRule({
  id: 'add-foreign-key',
  axes: ['N', 'L'],
  group: 'core',
  summary: 'The previous release may write rows that point nowhere, and delete what is pointed at.',
  why: 'Inserts of the old release that point at no row get 23503, and so do its deletes of rows that others point at; NOT VALID makes no difference for new rows. Adding one validated reads the whole table while writers to both tables wait.',
  fails: ['23503'],
  safeWay:
    'On a new nullable column it is fine. Else add it NOT VALID when every release of the window keeps to it, and VALIDATE in a transaction of its own.',
  examples: {
    given: 'CREATE TABLE users (id bigint PRIMARY KEY); CREATE TABLE orders (id bigint, user_id bigint)',
    bad: 'ALTER TABLE orders ADD CONSTRAINT orders_user FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID',
    good: 'ALTER TABLE orders ADD COLUMN payer_id bigint REFERENCES users (id)',
  },
  on: {
    'add-constraint': ({ table, constraint, target, withColumn }, context, applied) => {
      if (constraint.kind !== 'foreign-key' || !context.existed(table.oid)) return
      const names = `${shown(table)} (${columnNames(tableOf(context.after, table.oid) ?? table, constraint.columns)})`
      const isNew = isKept(context, table, constraint) && !hadSameConstraint(context, table, constraint)
      if (isNew && !canStayNull(context, table, constraint)) {
        context.report(applied, {
          message: `${names} must point at a row of ${target === null ? 'the other table' : shown(target)} from now on`,
          sqlstate: '23503',
          relation: table.oid,
        })
      }
      // On a new column, only what its default fills in has to be looked up.
      const isFilledIn = constraint.columns.some((id) => context.columnAfter(table.oid, id)?.default !== null)
      if (!applied.scans.has(table.oid) || (withColumn && !isFilledIn)) return
      context.report(applied, {
        axis: 'L',
        message: `reads all of ${shown(table)} while writers to both tables wait`,
        relation: table.oid,
        safe: 'Add it NOT VALID, then VALIDATE CONSTRAINT in a transaction of its own: writers go on.',
      })
    },
  },
})

/** The previous release leaves a new column out; with NULL, or with what the default says, in one of them the key asks for nothing. */
function canStayNull({ before, columnAfter }: RuleContext, table: Table, { columns }: Constraint): boolean {
  const old = tableOf(before, table.oid)
  const fresh = columns.filter((id) => old?.columns.some((one) => one.id === id) !== true)
  if (fresh.length === columns.length && columns.length > 0)
    return fresh.every((id) => isFilled(columnAfter(table.oid, id)))
  return fresh.some((id) => columnAfter(table.oid, id)?.notNull === false)
}

function isFilled(column: ReturnType<RuleContext['columnAfter']>): boolean {
  return (
    column === undefined ||
    !column.notNull ||
    column.default !== null ||
    column.identity !== null ||
    column.generated !== null
  )
}
