import { tableOf } from '../catalog/catalog.ts'
import type { Oid } from '../catalog/types.ts'
import type { Applied } from '../replay/changes.ts'
import { defineRule, shown } from './define-rule.ts'

export const holdExclusiveLock = defineRule({
  id: 'hold-exclusive-lock',
  axes: ['L'],
  group: 'core',
  summary: 'Everybody waits for the statements that follow an exclusive lock in the same transaction.',
  why: 'A lock is held until the transaction ends. An ALTER TABLE is instant, but an index build, a backfill or just another ALTER after it goes on while nobody can read the first table.',
  safeWay: 'A file of its own for what takes the lock, or its strongest statement last.',
  examples: {
    given: 'CREATE TABLE users (id bigint); CREATE TABLE orders (id bigint, n int)',
    bad: 'BEGIN; ALTER TABLE users ADD COLUMN a int; UPDATE orders SET n = 1 WHERE n = 2; COMMIT',
    good: 'ALTER TABLE users ADD COLUMN a int',
  },
  atEnd({ applied, before, existed, report }) {
    const held = new Map<number, { readonly oid: Oid; isNoted: boolean }>()
    for (const one of applied) {
      const { transaction, tag } = one.statement
      if (transaction.kind === 'none' || QUIET.has(tag)) continue
      const first = held.get(transaction.id)
      if (first !== undefined && (isLong(one) || !first.isNoted)) {
        const table = tableOf(before, first.oid)
        const name = table === undefined ? 'a table' : shown(table)
        // Of those that are over at once, one is enough said.
        report(one, {
          severity: isLong(one) ? 'warn' : 'note',
          message: `runs while ${name} is locked exclusively since an earlier statement`,
        })
        first.isNoted = true
      }
      if (first !== undefined) continue
      const oid = [...one.locks].find(
        ([relation, mode]) =>
          mode === 'AccessExclusive' && existed(relation) && tableOf(before, relation) !== undefined,
      )?.[0]
      if (oid !== undefined) held.set(transaction.id, { oid, isNoted: false })
    }
  },
})

/** SET, BEGIN, COMMIT, COMMENT: over before anybody notices. */
const QUIET = new Set(['VariableSetStmt', 'TransactionStmt', 'CommentStmt', 'DoStmt', 'VariableShowStmt'])

/** Takes time that grows with a table, or that nobody knows. */
function isLong({ scans, rewrites, changes, statement }: Applied): boolean {
  return (
    scans.size > 0 ||
    rewrites.size > 0 ||
    statement.tag === 'SelectStmt' ||
    changes.some(({ kind }) => kind === 'change-rows' || kind === 'unknown-sql')
  )
}
