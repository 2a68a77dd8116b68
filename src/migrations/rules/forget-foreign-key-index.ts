import { tableOf } from '../catalog/catalog.ts'
import { columnNames, defineRule, type RuleContext, shown } from './define-rule.ts'

export const forgetForeignKeyIndex = defineRule({
  id: 'forget-foreign-key-index',
  axes: ['L'],
  group: 'core',
  summary: 'Each delete in the other table reads this one from beginning to end.',
  why: 'PostgreSQL makes no index for a foreign key. Without one that begins with its columns, every delete and key update of the referenced row scans this table while it holds its locks.',
  safeWay: 'CREATE INDEX CONCURRENTLY on the columns first.',
  examples: {
    given: 'CREATE TABLE users (id bigint PRIMARY KEY); CREATE TABLE orders (id bigint, user_id bigint)',
    bad: 'ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID',
    good: 'CREATE INDEX CONCURRENTLY orders_user ON orders (user_id); ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID',
  },
  on: {
    'add-constraint': ({ table, constraint }, context, applied) => {
      if (
        constraint.kind !== 'foreign-key' ||
        constraint.columns.length === 0 ||
        hasIndex(context, table.oid, constraint.columns)
      )
        return
      const names = columnNames(tableOf(context.after, table.oid) ?? table, constraint.columns)
      context.report(applied, { severity: 'warn', message: `no index of ${shown(table)} begins with ${names}` })
    },
  },
})

function hasIndex({ after }: RuleContext, table: number, columns: readonly number[]): boolean {
  return after.indexesOf(table).some(({ keys, where }) => {
    const leading = keys.slice(0, columns.length).map(({ column }) => column)
    return where === null && columns.every((one) => leading.includes(one))
  })
}
