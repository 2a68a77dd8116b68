import { defineRule, shownColumn } from './define-rule.ts'

export const requireNewColumn = defineRule({
  id: 'require-new-column',
  axes: ['N'],
  group: 'core',
  summary: 'A column is added, filled and made NOT NULL in one deploy: the previous release does not fill it.',
  why: 'The backfill takes care of the old rows, not of those that the old release inserts afterwards. Without a default, each of its inserts fails.',
  fails: ['23502'],
  safeWay:
    'Three deploys: add it nullable; backfill while the new release writes it; SET NOT NULL when no older release is in the rollback window.',
  examples: {
    given: 'CREATE TABLE orders (id bigint)',
    bad: "ALTER TABLE orders ADD COLUMN status text; UPDATE orders SET status = 'new'; ALTER TABLE orders ALTER COLUMN status SET NOT NULL",
    good: "ALTER TABLE orders ADD COLUMN status text; ALTER TABLE orders ALTER COLUMN status SET DEFAULT 'new'; ALTER TABLE orders ALTER COLUMN status SET NOT NULL",
  },
  on: {
    'set-not-null': ({ table, column }, { existed, columnBefore, columnAfter, report }, applied) => {
      const is = columnAfter(table.oid, column.id)
      if (!existed(table.oid) || columnBefore(table.oid, column.id) !== undefined || is?.notNull !== true) return
      if (is.default !== null || is.identity !== null || is.generated !== null) return
      report(applied, {
        message: `${shownColumn(table, is)} is new, NOT NULL and has no default: inserts of the previous release fail`,
        sqlstate: '23502',
        relation: table.oid,
      })
    },
  },
})
