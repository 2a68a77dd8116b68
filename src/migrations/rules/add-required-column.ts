import { defineRule, shownColumn } from './define-rule.ts'

export const addRequiredColumn = defineRule({
  id: 'add-required-column',
  axes: ['N', 'L'],
  group: 'core',
  summary: 'The previous release does not fill the new column, and nothing else does.',
  why: 'Inserts of the old release do not name the column. It is NOT NULL and has no default when the deploy is over, so each of them fails: also when it was added with a default that a later statement drops.',
  fails: ['23502'],
  safeWay:
    'Add it nullable or with a constant default that stays; make it NOT NULL, or drop the default, in a later deploy.',
  examples: {
    given: 'CREATE TABLE users (id bigint)',
    bad: "ALTER TABLE users ADD COLUMN plan text NOT NULL DEFAULT 'free'; ALTER TABLE users ALTER COLUMN plan DROP DEFAULT",
    good: "ALTER TABLE users ADD COLUMN plan text NOT NULL DEFAULT 'free'",
  },
  on: {
    'add-column': ({ table, column, addition }, { existed, columnAfter, lastTouch, report }, applied) => {
      const after = columnAfter(table.oid, column.id)
      const isLate = !existed(table.oid)
      const isUnfilled =
        column.notNull &&
        addition.defaultIs === 'none' &&
        !addition.serial &&
        column.identity === null &&
        column.generated === null
      if (isUnfilled && (!isLate || table.hasRows)) {
        report(applied, {
          axis: 'L',
          message: `${shownColumn(table, column)} is NOT NULL without a default: it fails when the table has a row, after reading all of them`,
          sqlstate: '23502',
          relation: table.oid,
        })
      }
      // Made NOT NULL by a later statement: `set-not-null` says so there.
      if (isLate || !column.notNull || after === undefined || !after.notNull) return
      if (after.default !== null || after.identity !== null || after.generated !== null) return
      const cause = lastTouch(table.oid, column.id, ['drop-default']) ?? applied
      report(cause, {
        message: `${shownColumn(table, after)} is new, NOT NULL and has no default: inserts of the previous release fail`,
        sqlstate: '23502',
        relation: table.oid,
      })
    },
  },
})
