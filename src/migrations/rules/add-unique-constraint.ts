import { tableOf } from '../catalog/catalog.ts'
import { columnNames, defineRule, shown } from './define-rule.ts'
import { hasSameIndexBefore, isOnNewColumn } from './uniqueness.ts'

export const addUniqueConstraint = defineRule({
  id: 'add-unique-constraint',
  axes: ['N', 'L'],
  group: 'core',
  summary: 'The previous release may write rows that are equal there, and the index is built under an exclusive lock.',
  why: 'Nothing keeps old code from inserting duplicates that it was allowed to insert before: 23505. ADD CONSTRAINT … UNIQUE builds its index while nobody can read the table.',
  fails: ['23505'],
  safeWay:
    'CREATE UNIQUE INDEX CONCURRENTLY when no release of the window writes duplicates, then ADD CONSTRAINT … USING INDEX, which is instant.',
  examples: {
    given: 'CREATE TABLE users (id bigint, email text)',
    bad: 'ALTER TABLE users ADD CONSTRAINT users_email_key UNIQUE (email)',
    good: 'CREATE TABLE t (email text); ALTER TABLE t ADD CONSTRAINT t_email_key UNIQUE (email)',
  },
  on: {
    'add-constraint': ({ table, constraint, usingIndex, withColumn }, context, applied) => {
      if (constraint.kind !== 'unique' || !context.existed(table.oid)) return
      const names = `${shown(table)} (${columnNames(tableOf(context.after, table.oid) ?? table, constraint.columns)})`
      // An index that is there refuses already, or `create-unique-index` said so.
      const isHarmless =
        usingIndex ||
        isOnNewColumn(context, table, constraint.columns) ||
        hasSameIndexBefore(context, table, constraint)
      if (!isHarmless)
        context.report(applied, {
          message: `rows that are equal in ${names} are refused from now on`,
          sqlstate: '23505',
          relation: table.oid,
        })
      if (!usingIndex)
        context.report(applied, {
          axis: 'L',
          message: `builds the index of ${names} while nobody else may read${withColumn ? '' : ' or write'}`,
          relation: table.oid,
        })
    },
  },
})
