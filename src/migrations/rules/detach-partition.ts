import { defineRule, shown } from './define-rule.ts'

export const detachPartition = defineRule({
  id: 'detach-partition',
  axes: ['L'],
  group: 'core',
  summary: 'Everybody waits for the whole partitioned table.',
  why: 'DETACH PARTITION takes AccessExclusive on the parent and the partition. It is instant when it gets them; until then everybody queues.',
  safeWay: 'DETACH PARTITION … CONCURRENTLY (PostgreSQL 14), outside of a transaction.',
  examples: {
    given:
      "CREATE TABLE events (at date) PARTITION BY RANGE (at); CREATE TABLE e1 PARTITION OF events FOR VALUES FROM ('2020-01-01') TO ('2021-01-01')",
    bad: 'ALTER TABLE events DETACH PARTITION e1',
    good: 'ALTER TABLE events ADD COLUMN note text',
  },
  on: {
    'detach-partition': ({ table, partition, isConcurrent }, { existed, report }, applied) => {
      if (isConcurrent || !existed(table.oid)) return
      report(applied, {
        message: `nobody can use ${shown(table)} or ${shown(partition)} until the transaction ends`,
        relation: table.oid,
      })
    },
  },
})
