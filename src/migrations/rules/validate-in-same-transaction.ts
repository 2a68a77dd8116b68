import { defineRule, shown } from './define-rule.ts'

export const validateInSameTransaction = defineRule({
  id: 'validate-in-same-transaction',
  axes: ['L'],
  group: 'core',
  summary: 'NOT VALID is for nothing when the same transaction validates.',
  why: 'The strong lock of ADD CONSTRAINT is held until the transaction ends, so the whole table is read under it after all.',
  safeWay: 'VALIDATE CONSTRAINT in a later transaction: another file, or a file without a transaction.',
  examples: {
    given: 'CREATE TABLE orders (id bigint, price int)',
    bad: 'BEGIN; ALTER TABLE orders ADD CONSTRAINT positive CHECK (price > 0) NOT VALID; ALTER TABLE orders VALIDATE CONSTRAINT positive; COMMIT',
    good: 'ALTER TABLE orders VALIDATE CONSTRAINT positive',
  },
  on: {
    'validate-constraint': ({ table, constraint }, { applied: all, existed, report }, applied) => {
      const { kind, id } = applied.statement.transaction
      if (kind === 'none' || kind === 'unknown' || !existed(table.oid)) return
      const isSame = all.some(
        (one) =>
          one.statement.transaction.id === id &&
          one.changes.some(
            (change) =>
              change.kind === 'add-constraint' &&
              change.table.oid === table.oid &&
              change.constraint.name === constraint.name,
          ),
      )
      if (isSame)
        report(applied, {
          message: `validates ${constraint.name} while the lock of its addition to ${shown(table)} is held`,
          relation: table.oid,
        })
    },
  },
})
