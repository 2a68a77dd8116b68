import { defineRule, shown } from './define-rule.ts'
import { hadSameConstraint, isKept } from './uniqueness.ts'

export const addExclusionConstraint = defineRule({
  id: 'add-exclusion-constraint',
  axes: ['N', 'L'],
  group: 'core',
  summary: 'The previous release may write what the constraint excludes, and there is no way to add it online.',
  why: 'Old code gets 23P01 for rows that it was allowed to write. Its index is built under AccessExclusive, 4.9 s for 200,000 rows, and cannot be built before.',
  fails: ['23P01'],
  safeWay:
    'Put it on a new table, or plan a window; in a deploy of its own, when every release of the rollback window keeps to it.',
  examples: {
    given: 'CREATE TABLE rooms (room int, during tsrange)',
    bad: 'ALTER TABLE rooms ADD CONSTRAINT no_overlap EXCLUDE USING gist (room WITH =, during WITH &&)',
    good: 'CREATE TABLE t (room int, during tsrange, EXCLUDE USING gist (room WITH =, during WITH &&))',
  },
  on: {
    'add-constraint': ({ table, constraint }, context, applied) => {
      if (constraint.kind !== 'exclude' || !context.existed(table.oid)) return
      if (isKept(context, table, constraint) && !hadSameConstraint(context, table, constraint)) {
        context.report(applied, {
          message: `${shown(table)} refuses overlapping rows from now on`,
          sqlstate: '23P01',
          relation: table.oid,
        })
      }
      context.report(applied, {
        axis: 'L',
        message: `builds the index of ${constraint.name} while nobody else may read or write`,
        relation: table.oid,
      })
    },
  },
})
