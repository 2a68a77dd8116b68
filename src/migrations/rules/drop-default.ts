import { defineRule, shownColumn } from './define-rule.ts'

export const dropDefault = defineRule({
  id: 'drop-default',
  axes: ['N'],
  group: 'core',
  summary: 'The previous release leaves the column out and counts on its default.',
  why: 'Of a NOT NULL column, each insert that does not name it fails with 23502. Of a nullable one, NULL is stored where the default was.',
  fails: ['23502'],
  safeWay: 'Keep the default until no release of the rollback window counts on it.',
  examples: {
    given: 'CREATE TABLE users (id bigint, plan text NOT NULL DEFAULT $$free$$)',
    bad: 'ALTER TABLE users ALTER COLUMN plan DROP DEFAULT',
    good: "ALTER TABLE users ALTER COLUMN plan SET DEFAULT 'basic'",
  },
  on: {
    'drop-default': ({ table, column }, { columnBefore, columnAfter, report }, applied) => {
      const was = columnBefore(table.oid, column.id)
      const is = columnAfter(table.oid, column.id)
      if (was === undefined || is === undefined || is.default !== null || is.identity !== null || is.generated !== null)
        return
      const isUnknown = was.type === null
      if (was.default === null && !isUnknown) return
      const name = shownColumn(table, column)
      if (is.notNull) {
        report(applied, {
          message: `${name} is NOT NULL and loses its default: inserts that leave it out fail`,
          sqlstate: '23502',
          relation: table.oid,
        })
      } else {
        report(applied, {
          severity: 'warn',
          message: `${name} loses its default: inserts that leave it out store NULL, or fail if it is NOT NULL`,
          relation: table.oid,
        })
      }
    },
  },
})
