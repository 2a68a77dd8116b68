import { defineRule, shownColumn } from './define-rule.ts'

export const dropNotNull = defineRule({
  id: 'drop-not-null',
  axes: ['N'],
  group: 'core',
  summary: 'NULL may reach readers that never saw one.',
  why: 'The statements of the previous release all run. But the new release may now write NULL, and after a rollback the old one reads it.',
  safeWay: 'First deploy code that reads NULL; write it in a later deploy.',
  examples: {
    given: 'CREATE TABLE users (id bigint, email text NOT NULL)',
    bad: 'ALTER TABLE users ALTER COLUMN email DROP NOT NULL',
    good: 'ALTER TABLE users ADD COLUMN phone text',
  },
  on: {
    'drop-not-null': ({ table, column }, { existed, columnBefore, columnAfter, report }, applied) => {
      const was = columnBefore(table.oid, column.id)
      if (!existed(table.oid) || was === undefined || columnAfter(table.oid, column.id)?.notNull !== false) return
      // Of a table that we do not know whole, it may have been.
      if (!was.notNull && was.type !== null) return
      report(applied, {
        severity: 'warn',
        message: `${shownColumn(table, column)} may be NULL from now on`,
        relation: table.oid,
      })
    },
  },
})
