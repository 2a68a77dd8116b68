import { tableOf } from '../catalog/catalog.ts'
import { defineRule, shown } from './define-rule.ts'

export const createPartition = defineRule({
  id: 'create-partition',
  axes: ['L'],
  group: 'core',
  summary: 'CREATE TABLE … PARTITION OF locks the whole partitioned table.',
  why: 'It takes AccessExclusive on the parent: instant, and everybody queues behind it.',
  safeWay: 'CREATE TABLE … (LIKE parent), then ATTACH PARTITION, which takes ShareUpdateExclusive.',
  examples: {
    given: 'CREATE TABLE events (at date) PARTITION BY RANGE (at)',
    bad: "CREATE TABLE e1 PARTITION OF events FOR VALUES FROM ('2020-01-01') TO ('2021-01-01')",
    good: 'CREATE TABLE e1 (LIKE events INCLUDING ALL)',
  },
  on: {
    'create-table': ({ isPartitionOf }, { before, existed, report }, applied) => {
      if (isPartitionOf === null || !existed(isPartitionOf)) return
      const parent = tableOf(before, isPartitionOf)
      report(applied, {
        severity: 'warn',
        message: `locks ${parent === undefined ? 'the parent' : shown(parent)} exclusively`,
        relation: isPartitionOf,
      })
    },
  },
})
