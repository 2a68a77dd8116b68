import { as } from '../sql/node.ts'
import { defineRule } from './define-rule.ts'

export const leaveTransactionOpen = defineRule({
  id: 'leave-transaction-open',
  axes: ['L'],
  group: 'core',
  summary: 'A transaction is begun and never ended: nothing of it is kept.',
  why: 'When the connection closes, PostgreSQL rolls back; when the runner keeps it, the locks stay.',
  safeWay: 'End it with COMMIT.',
  examples: { bad: 'BEGIN; CREATE TABLE t (a int)', good: 'BEGIN; CREATE TABLE t (a int); COMMIT' },
  atEnd({ applied, report }) {
    const open = new Map<number, (typeof applied)[number]>()
    for (const one of applied) {
      const { file, node, origin } = one.statement
      const kind = origin === 'file' ? as(node, 'TransactionStmt')?.kind : undefined
      if (kind === 'TRANS_STMT_BEGIN' || kind === 'TRANS_STMT_START') open.set(file, open.get(file) ?? one)
      if (kind === 'TRANS_STMT_COMMIT' || kind === 'TRANS_STMT_ROLLBACK') open.delete(file)
    }
    for (const one of open.values()) report(one, { message: 'this transaction is never ended in the file' })
  },
})
