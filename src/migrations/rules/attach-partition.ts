import { defineRule, shown } from './define-rule.ts'

export const attachPartition = defineRule({
  id: 'attach-partition',
  axes: ['L'],
  group: 'core',
  summary: 'The partition is read from beginning to end under an exclusive lock.',
  why: 'ATTACH PARTITION takes only ShareUpdateExclusive on the parent, but AccessExclusive on the partition while it checks every row, unless a valid CHECK already says what the bound will say.',
  safeWay: 'ADD CHECK … NOT VALID with the bound, VALIDATE, ATTACH, drop the CHECK.',
  examples: {
    given: 'CREATE TABLE events (at date) PARTITION BY RANGE (at); CREATE TABLE old (at date)',
    bad: "ALTER TABLE events ATTACH PARTITION old FOR VALUES FROM ('2020-01-01') TO ('2021-01-01')",
    good: 'ALTER TABLE old ADD COLUMN note text',
  },
  on: {
    'attach-partition': ({ partition, isProved }, { existed, report }, applied) => {
      if (isProved || !existed(partition.oid)) return
      report(applied, { message: `reads all of ${shown(partition)} while nobody else may`, relation: partition.oid })
    },
  },
})
