import type { Applied } from '../replay/changes.ts'
import { defineRule, type RuleContext } from './define-rule.ts'

export const nestTransaction = defineRule({
  id: 'nest-transaction',
  axes: ['L'],
  group: 'core',
  summary: 'BEGIN inside a transaction does nothing, and COMMIT ends the outer one.',
  why: 'PostgreSQL has no nested transactions. A COMMIT in a file that the runner wraps ends the runner’s transaction: what follows is applied without one, and a failure leaves half a migration.',
  fails: ['25001', '25P01'],
  safeWay: 'Leave BEGIN and COMMIT to the runner, or tell it not to use a transaction.',
  examples: { bad: 'BEGIN; BEGIN; SELECT 1; COMMIT', good: 'BEGIN; SELECT 1; COMMIT' },
  onStatement: {
    TransactionStmt: (node, context, applied) => {
      const { kind } = applied.statement.transaction
      const isBegin = node.kind === 'TRANS_STMT_BEGIN' || node.kind === 'TRANS_STMT_START'
      const isEnd = node.kind === 'TRANS_STMT_COMMIT' || node.kind === 'TRANS_STMT_ROLLBACK'
      if (isBegin && kind === 'explicit') say(context, applied, 'a transaction is open already', '25001')
      if (isBegin && kind === 'runner' && !wasLeft(context, applied))
        say(context, applied, 'the runner opened a transaction already', '25001')
      if (isEnd && kind === 'runner') say(context, applied, 'ends the transaction of the runner', '25P01')
      if (isEnd && (kind === 'none' || kind === 'unknown'))
        say(context, applied, 'there is no transaction to end', '25P01')
    },
  },
})

/** An earlier COMMIT ended the runner’s transaction: from there on the file opens its own. */
function wasLeft({ applied: all }: RuleContext, applied: Applied): boolean {
  return all.some(
    ({ statement }) =>
      statement.file === applied.statement.file &&
      statement.start < applied.statement.start &&
      statement.tag === 'TransactionStmt',
  )
}

function say({ report }: RuleContext, applied: Applied, message: string, sqlstate: string): void {
  report(applied, { severity: 'warn', message, sqlstate })
}
