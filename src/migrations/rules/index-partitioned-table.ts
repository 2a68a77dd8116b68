import { defineRule, shown } from './define-rule.ts'

export const indexPartitionedTable = defineRule({
  id: 'index-partitioned-table',
  axes: ['L'],
  group: 'core',
  summary: 'CONCURRENTLY is not for a partitioned table: the deploy fails there.',
  why: 'PostgreSQL refuses it with 0A000. The advice that other linters give here is invalid SQL.',
  fails: ['0A000'],
  safeWay:
    'CREATE INDEX … ON ONLY parent; CREATE INDEX CONCURRENTLY on each partition; ALTER INDEX … ATTACH PARTITION.',
  examples: {
    given: 'CREATE TABLE events (at date) PARTITION BY RANGE (at)',
    bad: 'CREATE INDEX CONCURRENTLY events_at ON events (at)',
    good: 'CREATE INDEX events_at ON ONLY events (at)',
  },
  on: {
    'create-index': ({ table, isConcurrent }, { report }, applied) => {
      if (!isConcurrent || table.partitionBy === null) return
      report(applied, {
        message: `${shown(table)} is partitioned: CONCURRENTLY fails on it`,
        sqlstate: '0A000',
        relation: table.oid,
      })
    },
  },
})
