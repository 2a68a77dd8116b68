import { defineRule, shown } from './define-rule.ts'

export const attachProvedPartition = defineRule({
  id: 'attach-proved-partition',
  axes: ['L'],
  group: 'core',
  summary: 'The partition is attached without being read, when its CHECK says what the bound says.',
  why: 'With a valid CHECK, or with no rows, ATTACH PARTITION is instant: ShareUpdateExclusive on the parent.',
  safeWay: 'This is the safe way. Compare the CHECK with the bound: if it does not imply it, all rows are read.',
  examples: {
    given:
      "CREATE TABLE events (at date) PARTITION BY RANGE (at); CREATE TABLE old (at date, CHECK (at >= '2020-01-01' AND at < '2021-01-01' AND at IS NOT NULL))",
    bad: "ALTER TABLE events ATTACH PARTITION old FOR VALUES FROM ('2020-01-01') TO ('2021-01-01')",
    good: 'ALTER TABLE events ADD COLUMN note text',
  },
  on: {
    'attach-partition': ({ table, partition, isProved }, { existed, report }, applied) => {
      if (isProved || !existed(partition.oid))
        report(applied, {
          severity: 'note',
          message: `attaches ${shown(partition)} to ${shown(table)}`,
          relation: table.oid,
        })
    },
  },
})
