import { defineRule, shown } from './define-rule.ts'

export const detachConcurrently = defineRule({
  id: 'detach-concurrently',
  axes: ['L'],
  group: 'core',
  summary: 'The partition is detached while reads and writes go on.',
  why: 'It takes ShareUpdateExclusive and waits for old transactions in between. When it is interrupted, FINALIZE ends it.',
  safeWay: 'This is the safe way.',
  examples: {
    given:
      "CREATE TABLE events (at date) PARTITION BY RANGE (at); CREATE TABLE e1 PARTITION OF events FOR VALUES FROM ('2020-01-01') TO ('2021-01-01')",
    bad: 'ALTER TABLE events DETACH PARTITION e1 CONCURRENTLY',
    good: 'ALTER TABLE events DETACH PARTITION e1',
  },
  on: {
    'detach-partition': ({ table, isConcurrent }, { report }, applied) => {
      if (isConcurrent)
        report(applied, { severity: 'note', message: `reads and writes of ${shown(table)} go on`, relation: table.oid })
    },
  },
})
