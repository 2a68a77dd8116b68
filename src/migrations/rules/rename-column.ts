import { defineRule, shownColumn } from './define-rule.ts'

export const renameColumn = defineRule({
  id: 'rename-column',
  axes: ['N'],
  group: 'core',
  summary: 'The previous release knows the column by its old name.',
  why: 'Renaming is instant, and every statement with the old name fails from that moment: in the old release that still runs, and again after a rollback.',
  fails: ['42703'],
  safeWay:
    'Add a column with the new name, keep both equal with a trigger, backfill, switch the code, drop the old one in a later deploy.',
  examples: {
    given: 'CREATE TABLE users (id bigint, nick text)',
    bad: 'ALTER TABLE users RENAME COLUMN nick TO handle',
    good: 'ALTER TABLE users ADD COLUMN handle text',
  },
  on: {
    'rename-column': ({ table, column }, { columnBefore, columnAfter, report }, applied) => {
      const was = columnBefore(table.oid, column.id)
      const is = columnAfter(table.oid, column.id)
      if (was === undefined || is === undefined || was.name === is.name) return
      report(applied, {
        message: `renames ${shownColumn(table, was)} to ${is.name}`,
        sqlstate: '42703',
        relation: table.oid,
      })
    },
  },
})
