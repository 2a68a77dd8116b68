import { defineRule, shown } from './define-rule.ts'

export const deleteAllRows = defineRule({
  id: 'delete-all-rows',
  axes: ['I'],
  group: 'core',
  summary: 'All rows are gone, for the previous release too.',
  why: 'No inverse brings them back, and every row is locked until the transaction ends.',
  safeWay: 'Delete in batches what is not needed, in a job outside of the deploy, with a snapshot before it.',
  examples: { given: 'CREATE TABLE t (a int)', bad: 'DELETE FROM t WHERE true', good: 'DELETE FROM t WHERE a = 1' },
  on: {
    'change-rows': ({ table, by, isWhole }, { existed, report }, applied) => {
      if (by !== 'delete' || !isWhole || !existed(table.oid)) return
      report(applied, { message: `deletes every row of ${shown(table)}`, relation: table.oid })
    },
  },
})
