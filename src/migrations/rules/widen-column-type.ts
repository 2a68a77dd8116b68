import { formatType } from '../catalog/catalog.ts'
import { isWider } from './change-column-type.ts'
import { defineRule, shownColumn } from './define-rule.ts'

export const widenColumnType = defineRule({
  id: 'widen-column-type',
  axes: ['N'],
  group: 'core',
  summary: 'The column takes longer text; nothing else changes.',
  why: 'varchar(n) to a longer varchar or to text, and varchar and text in each other’s place, are catalog changes: no row is touched, and every value is sent as before. A statement that was prepared by name before may fail once with 0A000.',
  fails: ['0A000'],
  safeWay: 'This is the safe way.',
  examples: {
    given: 'CREATE TABLE users (name varchar(20))',
    bad: 'ALTER TABLE users ALTER COLUMN name TYPE varchar(40)',
    good: 'ALTER TABLE users ALTER COLUMN name TYPE varchar(10)',
  },
  on: {
    'change-type': ({ table, column }, { before, after, columnBefore, columnAfter, report }, applied) => {
      const [was, is] = [columnBefore(table.oid, column.id)?.type, columnAfter(table.oid, column.id)?.type]
      if (was == null || is == null || !isWider(was, is)) return
      const [from, to] = [formatType(before, was), formatType(after, is)]
      if (from !== to)
        report(applied, {
          severity: 'note',
          message: `${shownColumn(table, column)} becomes ${to}, was ${from}`,
          relation: table.oid,
        })
    },
  },
})
