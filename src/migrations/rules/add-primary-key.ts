import { defineRule, shown } from './define-rule.ts'
import { areAllNew, hadSameConstraint } from './uniqueness.ts'

export const addPrimaryKey = defineRule({
  id: 'add-primary-key',
  axes: ['N', 'L'],
  group: 'core',
  summary: 'The previous release may write equal or missing keys, and the index is built under an exclusive lock.',
  why: 'A primary key refuses duplicates (23505) and NULL (23502) that old code was allowed to write. ADD PRIMARY KEY (columns) builds its index, and looks at every row for NULL, while nobody can read the table.',
  fails: ['23505', '23502'],
  safeWay: 'CREATE UNIQUE INDEX CONCURRENTLY, prove NOT NULL by a validated CHECK, then ADD PRIMARY KEY USING INDEX.',
  examples: {
    given: 'CREATE TABLE users (id bigint)',
    bad: 'ALTER TABLE users ADD PRIMARY KEY (id)',
    good: 'CREATE TABLE t (id bigint PRIMARY KEY)',
  },
  on: {
    'add-constraint': ({ table, constraint, usingIndex }, context, applied) => {
      if (constraint.kind !== 'primary-key' || !context.existed(table.oid)) return
      // An index that is there refuses already, or `create-unique-index` said so.
      const isHarmless =
        usingIndex || hadSameConstraint(context, table, constraint) || areAllNew(context, table, constraint.columns)
      if (!isHarmless)
        context.report(applied, {
          message: `${shown(table)} refuses equal and missing keys from now on`,
          sqlstate: '23505',
          relation: table.oid,
        })
      if (!usingIndex)
        context.report(applied, {
          axis: 'L',
          message: `builds the primary key of ${shown(table)} while nobody else may read or write`,
          relation: table.oid,
        })
    },
  },
})
