import { defineRule, shownColumn } from './define-rule.ts'

export const addVolatileDefault = defineRule({
  id: 'add-volatile-default',
  axes: ['L'],
  group: 'core',
  summary: 'A default that differs from row to row has the whole table written anew.',
  why: 'A constant, and also now(), is kept in the catalog and costs nothing (PostgreSQL 11 and later). random(), gen_random_uuid(), clock_timestamp() and functions that nobody declared otherwise are called for every row, under AccessExclusive. Before 11 every default is.',
  safeWay:
    'Add the column without a default, set the default in a second statement, and backfill the old rows in batches.',
  examples: {
    given: 'CREATE TABLE orders (id bigint)',
    bad: 'ALTER TABLE orders ADD COLUMN token uuid DEFAULT gen_random_uuid()',
    good: 'ALTER TABLE orders ADD COLUMN made_at timestamptz DEFAULT now()',
  },
  on: {
    'add-column': ({ table, column, addition }, { existed, server, report }, applied) => {
      if (!existed(table.oid) || addition.serial) return
      const isOld = server.major < 11 && addition.defaultIs !== 'none'
      if (addition.defaultIs !== 'volatile' && !isOld) return
      const why = isOld ? `PostgreSQL ${server.major} fills in the default` : 'the default is asked for each row'
      report(applied, {
        message: `writes the whole table anew for ${shownColumn(table, column)}: ${why}`,
        relation: table.oid,
      })
    },
  },
})
