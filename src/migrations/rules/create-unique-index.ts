import { tableOf } from '../catalog/catalog.ts'
import { columnNames, defineRule, shown } from './define-rule.ts'
import { hadIndexLike, isOnNewColumn } from './uniqueness.ts'

export const createUniqueIndex = defineRule({
  id: 'create-unique-index',
  axes: ['N'],
  group: 'core',
  summary: 'The previous release may write rows that are equal there.',
  why: 'A unique index refuses what the old release was allowed to insert, with 23505; CONCURRENTLY changes how it is built, not what it refuses. Most linters look only at the building.',
  fails: ['23505'],
  safeWay: 'Add it when no release of the rollback window writes duplicates; until then a plain index.',
  examples: {
    given: 'CREATE TABLE users (id bigint, email text)',
    bad: 'CREATE UNIQUE INDEX CONCURRENTLY users_email ON users (email)',
    good: 'CREATE INDEX CONCURRENTLY users_email ON users (email)',
  },
  on: {
    'create-index': ({ table, index }, context, applied) => {
      if (!index.isUnique || !context.existed(table.oid) || context.after.relation(index.oid) === undefined) return
      const columns = index.keys.flatMap(({ column }) => column ?? [])
      if (isOnNewColumn(context, table, columns) || hadIndexLike(context, table, index.definition)) return
      const names = columnNames(tableOf(context.after, table.oid) ?? table, columns)
      context.report(applied, {
        message: `rows that are equal in ${shown(table)} (${names}) are refused from now on`,
        sqlstate: '23505',
        relation: table.oid,
      })
    },
  },
})
