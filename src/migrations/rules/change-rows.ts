import { defineRule, shown } from './define-rule.ts'

const SAYS = { insert: 'inserts into', update: 'updates rows of', delete: 'deletes rows of' } as const

export const changeRows = defineRule({
  id: 'change-rows',
  axes: ['L', 'I'],
  group: 'core',
  summary: 'Data changes in a migration run inside the deploy.',
  why: 'How many rows it touches cannot be told from its text. They are locked until the transaction ends, and what they held before is not kept.',
  safeWay: 'A backfill in batches, outside of the deploy, when it is more than a few rows.',
  examples: {
    given: 'CREATE TABLE orders (id bigint, status text)',
    bad: "UPDATE orders SET status = 'new' WHERE status IS NULL",
    good: 'SELECT 1',
  },
  on: {
    'change-rows': ({ table, by, isWhole }, { existed, report }, applied) => {
      if (isWhole || !existed(table.oid)) return
      // An insert takes nothing from anybody.
      const [axis, severity] = by === 'delete' ? (['I', 'warn'] as const) : (['L', 'note'] as const)
      report(applied, { axis, severity, message: `${SAYS[by]} ${shown(table)}`, relation: table.oid })
    },
  },
})
