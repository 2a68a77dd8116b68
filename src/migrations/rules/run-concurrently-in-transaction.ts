import type { Applied } from '../replay/changes.ts'
import { isReindexConcurrent } from '../replay/upkeep.ts'
import { as } from '../sql/node.ts'
import { defineRule, isIn, type RuleContext } from './define-rule.ts'

export const runConcurrentlyInTransaction = defineRule({
  id: 'run-concurrently-in-transaction',
  axes: ['L'],
  group: 'core',
  summary: 'CONCURRENTLY does not run inside a transaction: the deploy fails there.',
  why: 'PostgreSQL refuses it with 25001. Most runners wrap a file in a transaction, and several statements sent as one query are one too.',
  fails: ['25001'],
  safeWay:
    'Put it alone into a file, and tell the runner not to use a transaction (`-- +goose NO TRANSACTION`, `transaction:false`, …). Prisma and golang-migrate use none for one statement by itself; drizzle knows no way.',
  examples: {
    given: 'CREATE TABLE users (id bigint, email text)',
    bad: 'BEGIN; CREATE INDEX CONCURRENTLY users_email ON users (email); COMMIT',
    good: 'CREATE INDEX CONCURRENTLY users_email ON users (email)',
  },
  onStatement: {
    IndexStmt: (node, context, applied) => check(node.concurrent === true, context, applied),
    DropStmt: (node, context, applied) => check(node.concurrent === true, context, applied),
    ReindexStmt: (node, context, applied) => check(isReindexConcurrent(node), context, applied),
    AlterTableStmt: (node, context, applied) =>
      check(
        (node.cmds ?? []).some((one) => as(as(one, 'AlterTableCmd')?.def, 'PartitionCmd')?.concurrent === true),
        context,
        applied,
      ),
    VacuumStmt: (node, context, applied) => check(node.is_vacuumcmd === true, context, applied),
  },
})

function check(isConcurrent: boolean, { report }: RuleContext, applied: Applied): void {
  const { statement } = applied
  if (!isConcurrent || !(isIn(statement, 'explicit', 'runner') || statement.origin === 'block')) return
  const isSure = statement.transaction.isSure || statement.origin === 'block'
  report(applied, {
    ...(isSure ? {} : { severity: 'warn' as const }),
    message: isSure
      ? 'cannot run inside a transaction: the migration fails here'
      : 'fails where the runner sends the file as one query (Prisma before 7.4, or one that cannot split it)',
    sqlstate: '25001',
  })
}
