import { defineRule, shownColumn } from './define-rule.ts'

export const addGeneratedColumn = defineRule({
  id: 'add-generated-column',
  axes: ['L', 'N'],
  group: 'core',
  summary:
    'A stored generated column has the whole table written anew, and refuses what the previous release writes to it.',
  why: 'Its value is computed and stored for every old row under AccessExclusive. When it takes the place of a column that was written before, inserts of the old release fail with 428C9.',
  fails: ['428C9'],
  safeWay:
    'A plain column kept by a trigger and backfilled in batches; from PostgreSQL 18 a VIRTUAL one, which is instant.',
  examples: {
    given: 'CREATE TABLE orders (net int, tax int)',
    bad: 'ALTER TABLE orders ADD COLUMN gross int GENERATED ALWAYS AS (net + tax) STORED',
    good: 'ALTER TABLE orders ADD COLUMN gross int',
  },
  on: {
    'add-column': ({ table, column }, { before, existed, report }, applied) => {
      if (!existed(table.oid) || column.generated === null) return
      const name = shownColumn(table, column)
      if (column.generated === 'stored')
        report(applied, { message: `writes the whole table anew to compute ${name}`, relation: table.oid })
      const was = before.relation(table.oid)
      if (was?.kind !== 'table' || !was.columns.some((one) => one.name === column.name)) return
      report(applied, {
        axis: 'N',
        message: `${name} takes no value from the previous release any more`,
        sqlstate: '428C9',
        relation: table.oid,
      })
    },
  },
})
