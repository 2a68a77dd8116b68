import { defineRule, shown } from './define-rule.ts'

export const mixRowsAndSchema = defineRule({
  id: 'mix-rows-and-schema',
  axes: ['L'],
  group: 'core',
  summary: 'A data change under the lock of a schema change to the same table.',
  why: 'The table was altered in this transaction, so nobody can even read it until the data change is over and committed.',
  safeWay: 'The schema in one file, the data in a later one or in a backfill.',
  examples: {
    given: 'CREATE TABLE users (id bigint)',
    bad: 'BEGIN; ALTER TABLE users ADD COLUMN a int; UPDATE users SET a = 1 WHERE id > 0; COMMIT',
    good: 'UPDATE users SET id = 1 WHERE id = 2',
  },
  on: {
    'change-rows': ({ table, by }, { applied: all, existed, report }, applied) => {
      const { kind, id } = applied.statement.transaction
      if (by === 'insert' || kind === 'none' || kind === 'unknown' || !existed(table.oid)) return
      const isHeld = all.some(
        (one) =>
          one !== applied &&
          one.statement.transaction.id === id &&
          one.statement.start < applied.statement.start &&
          one.locks.get(table.oid) === 'AccessExclusive',
      )
      if (isHeld)
        report(applied, {
          severity: 'warn',
          message: `changes rows of ${shown(table)} while its schema change holds everybody off`,
          relation: table.oid,
        })
    },
  },
})
