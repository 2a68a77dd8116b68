import { defineRule, shownColumn } from './define-rule.ts'

export const addSerialColumn = defineRule({
  id: 'add-serial-column',
  axes: ['L'],
  group: 'core',
  summary: 'A new serial or identity column has the whole table written anew.',
  why: 'Every old row gets its own number from the sequence, under AccessExclusive.',
  safeWay:
    'Add a plain integer column, create a sequence, set the default to nextval, backfill in batches, then make it NOT NULL or an identity.',
  examples: {
    given: 'CREATE TABLE orders (code text)',
    bad: 'ALTER TABLE orders ADD COLUMN id bigint GENERATED ALWAYS AS IDENTITY',
    good: 'ALTER TABLE orders ADD COLUMN id bigint',
  },
  on: {
    'add-column': ({ table, column, addition }, { existed, report }, applied) => {
      if (!existed(table.oid) || (!addition.serial && column.identity === null)) return
      report(applied, {
        message: `writes the whole table anew to number its rows in ${shownColumn(table, column)}`,
        relation: table.oid,
      })
    },
  },
})
