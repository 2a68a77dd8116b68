import { defineRule, shownColumn } from './define-rule.ts'

export const changeDefault = defineRule({
  id: 'change-default',
  axes: ['N'],
  group: 'core',
  summary: 'Rows of the previous release get another value where it leaves the column out.',
  why: 'No statement fails. But the old release stores a value that it may not expect when it reads it again.',
  safeWay: 'Fine when both releases take both values.',
  examples: {
    given: "CREATE TABLE users (id bigint, plan text DEFAULT 'free')",
    bad: "ALTER TABLE users ALTER COLUMN plan SET DEFAULT 'basic'",
    good: "ALTER TABLE users ADD COLUMN color text DEFAULT 'red'",
  },
  on: {
    'set-default': ({ table, column }, { columnBefore, columnAfter, report }, applied) => {
      const was = columnBefore(table.oid, column.id)
      const is = columnAfter(table.oid, column.id)
      if (was === undefined || is === undefined || was.default === is.default) return
      report(applied, {
        severity: 'note',
        message: `${shownColumn(table, column)} gets another default`,
        relation: table.oid,
      })
    },
  },
})
