import { defineRule, shown } from './define-rule.ts'
import { areAllNew, hadSameConstraint, isKept } from './uniqueness.ts'

export const addCheck = defineRule({
  id: 'add-check',
  axes: ['N', 'L'],
  group: 'core',
  summary: 'The previous release may write what the CHECK refuses.',
  why: 'NOT VALID spares the old rows, not the new ones: every insert and update of the old release is checked from that moment (23514). It is what other linters advise, and it has broken production. Added validated, it also reads the whole table under AccessExclusive.',
  fails: ['23514'],
  safeWay: 'Add it NOT VALID when every release of the window keeps to it, and VALIDATE in a transaction of its own.',
  examples: {
    given: 'CREATE TABLE orders (id bigint, price int)',
    bad: 'ALTER TABLE orders ADD CONSTRAINT price_positive CHECK (price > 0) NOT VALID',
    good: 'CREATE TABLE t (price int CHECK (price > 0))',
  },
  on: {
    'add-constraint': ({ table, constraint, withColumn }, context, applied) => {
      if (constraint.kind !== 'check' || !context.existed(table.oid)) return
      const isHarmless =
        !isKept(context, table, constraint) ||
        hadSameConstraint(context, table, constraint) ||
        areAllNew(context, table, constraint.columns)
      if (!isHarmless)
        context.report(applied, {
          message: `${shown(table)} checks ${constraint.name} for every new row, also of the previous release`,
          sqlstate: '23514',
          relation: table.oid,
        })
      if (!applied.scans.has(table.oid)) return
      context.report(applied, {
        axis: 'L',
        message: `reads all of ${shown(table)} for ${constraint.name} while nobody else may${withColumn ? ' read or write' : ''}`,
        relation: table.oid,
        safe: 'ADD CONSTRAINT … NOT VALID, then VALIDATE CONSTRAINT in a transaction of its own: nobody waits.',
      })
    },
  },
})
