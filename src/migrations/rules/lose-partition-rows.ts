import { defineRule, shown } from './define-rule.ts'

export const losePartitionRows = defineRule({
  id: 'lose-partition-rows',
  axes: ['N'],
  group: 'core',
  summary: 'The previous release no longer finds the rows of the partition, and has nowhere to put new ones.',
  why: 'Detached, its rows are no part of the table any more. An insert into that range fails with 23514 unless there is a default partition.',
  fails: ['23514'],
  safeWay: 'Detach what no release of the rollback window reads or writes.',
  examples: {
    given:
      "CREATE TABLE events (at date) PARTITION BY RANGE (at); CREATE TABLE e1 PARTITION OF events FOR VALUES FROM ('2020-01-01') TO ('2021-01-01')",
    bad: 'ALTER TABLE events DETACH PARTITION e1 CONCURRENTLY',
    good: 'ALTER TABLE events ADD COLUMN note text',
  },
  on: {
    'detach-partition': ({ table, partition }, { existed, report }, applied) => {
      if (!existed(table.oid)) return
      report(applied, {
        severity: 'warn',
        message: `the rows of ${shown(partition)} vanish from ${shown(table)}`,
        sqlstate: '23514',
        relation: table.oid,
      })
    },
  },
})
