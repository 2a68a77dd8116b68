import type { Column, Table } from '../catalog/types.ts'
import type { Applied } from '../replay/changes.ts'
import { defineRule, type RuleContext, shownColumn } from './define-rule.ts'

export const dropDefault = defineRule({
  id: 'drop-default',
  axes: ['N'],
  group: 'core',
  summary: 'The previous release leaves the column out and counts on its default, or its identity.',
  why: 'Of a NOT NULL column, each insert that does not name it fails with 23502. Of a nullable one, NULL is stored where the default was.',
  fails: ['23502'],
  safeWay: 'Keep the default until no release of the rollback window counts on it.',
  examples: {
    given: 'CREATE TABLE users (id bigint, plan text NOT NULL DEFAULT $$free$$)',
    bad: 'ALTER TABLE users ALTER COLUMN plan DROP DEFAULT',
    good: "ALTER TABLE users ALTER COLUMN plan SET DEFAULT 'basic'",
  },
  on: {
    'drop-default': (change, context, applied) =>
      judge(change, change.column.default !== null || change.column.type === null, context, applied),
    'drop-identity': (change, context, applied) => judge(change, true, context, applied),
  },
})

function judge(
  { table, column }: { readonly table: Table; readonly column: Column },
  hadOne: boolean,
  { columnBefore, columnAfter, report }: RuleContext,
  applied: Applied,
): void {
  const was = columnBefore(table.oid, column.id)
  const is = columnAfter(table.oid, column.id)
  if (was === undefined || is === undefined || !hadOne) return
  if (is.default !== null || is.identity !== null || is.generated !== null) return
  const wasFilled = was.default !== null || was.identity !== null || was.type === null
  if (!wasFilled) return
  const name = shownColumn(table, column)
  if (is.notNull) {
    report(applied, {
      message: `${name} is NOT NULL and loses its default: inserts that leave it out fail`,
      sqlstate: '23502',
      relation: table.oid,
    })
    return
  }
  report(applied, {
    severity: 'warn',
    message: `${name} loses its default: inserts that leave it out store NULL, or fail if it is NOT NULL`,
    relation: table.oid,
  })
}
