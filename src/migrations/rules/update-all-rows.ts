import { defineRule, shown } from './define-rule.ts'

export const updateAllRows = defineRule({
  id: 'update-all-rows',
  axes: ['L'],
  group: 'core',
  summary: 'Every row is locked until the transaction ends, and the table doubles.',
  why: 'One UPDATE of 500,000 rows made a concurrent writer wait 1.5 s at p99; in batches of 1,000 it was 3 ms. The old versions of all rows stay behind for VACUUM.',
  safeWay: 'Backfill in batches by primary key, outside of the deploy.',
  examples: {
    given: 'CREATE TABLE orders (id bigint, status text)',
    bad: "UPDATE orders SET status = 'new'",
    good: "UPDATE orders SET status = 'new' WHERE id = 1",
  },
  on: {
    'change-rows': ({ table, by, isWhole }, { existed, report }, applied) => {
      if (by !== 'update' || !isWhole || !existed(table.oid)) return
      report(applied, {
        severity: 'warn',
        message: `updates every row of ${shown(table)} in one statement`,
        relation: table.oid,
      })
    },
  },
})
