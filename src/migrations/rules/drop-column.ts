import { defineRule, shownColumn } from './define-rule.ts'

export const dropColumn = defineRule({
  id: 'drop-column',
  axes: ['N', 'I'],
  group: 'core',
  summary: 'The previous release still reads or writes the column.',
  why: 'A rollback brings the old code back, not the column. Every statement that names it fails, also an INSERT that lists no columns, and `SELECT *` in a prepared statement. Its values are gone for good.',
  fails: ['42703', '42601', '0A000'],
  safeWay:
    'Stop using it in one deploy; drop it in a later one, when no release of the rollback window reads or writes it.',
  examples: {
    given: 'CREATE TABLE users (id bigint, nick text)',
    bad: 'ALTER TABLE users DROP COLUMN nick',
    good: 'ALTER TABLE users ALTER COLUMN nick DROP NOT NULL',
  },
  on: {
    'drop-column': ({ table, column }, { after, columnBefore, columnAfter, report }, applied) => {
      if (columnBefore(table.oid, column.id) === undefined || columnAfter(table.oid, column.id) !== undefined) return
      if (after.relation(table.oid) === undefined) return
      const name = shownColumn(table, column)
      report(applied, {
        message: `drops ${name}, which the previous release may use`,
        sqlstate: '42703',
        relation: table.oid,
      })
      report(applied, {
        axis: 'I',
        severity: 'warn',
        message: `the values of ${name} are lost`,
        relation: table.oid,
        safe: 'Keep a snapshot, or rename the column and drop it when nobody missed it.',
      })
    },
  },
})
