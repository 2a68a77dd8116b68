import type { Applied } from '../replay/changes.ts'
import { as, type NodeOf } from '../sql/node.ts'
import { defineRule, type RuleContext } from './define-rule.ts'

export const makeRepeatable = defineRule({
  id: 'make-repeatable',
  axes: ['L'],
  group: 'style',
  summary: 'Outside of a transaction, a repeat after a failure stops here.',
  why: 'What was done before the failure is kept, and the same statement fails when it is run again.',
  safeWay: 'IF NOT EXISTS and IF EXISTS, or a transaction.',
  examples: {
    bad: 'CREATE TABLE t (a int)',
    good: 'CREATE TABLE IF NOT EXISTS t (a int)',
    transaction: 'statement',
  },
  onStatement: {
    CreateStmt: (node, context, applied) =>
      check(node.if_not_exists !== true && node.oncommit !== 'ONCOMMIT_DROP', context, applied),
    IndexStmt: (node, context, applied) =>
      check(node.if_not_exists !== true && node.idxname !== undefined, context, applied),
    DropStmt: (node, context, applied) => check(node.missing_ok !== true, context, applied),
    AlterTableStmt: (node, context, applied) => check(isFragile(node, context, applied), context, applied),
  },
})

function isFragile(node: NodeOf<'AlterTableStmt'>, { applied: all }: RuleContext, applied: Applied): boolean {
  const file = all.filter(({ statement }) => statement.file === applied.statement.file)
  const droppedBefore = file
    .slice(0, file.indexOf(applied))
    .flatMap(({ statement }) => as(statement.node, 'AlterTableStmt')?.cmds ?? [])
    .flatMap((one) => {
      const cmd = as(one, 'AlterTableCmd')
      return cmd?.subtype === 'AT_DropConstraint' && cmd.missing_ok === true ? [cmd.name] : []
    })
  return (node.cmds ?? []).some((one) => {
    const cmd = as(one, 'AlterTableCmd')
    if (cmd?.subtype === 'AT_AddConstraint') return !droppedBefore.includes(as(cmd.def, 'Constraint')?.conname)
    return (
      (cmd?.subtype === 'AT_AddColumn' || cmd?.subtype === 'AT_DropColumn' || cmd?.subtype === 'AT_DropConstraint') &&
      cmd.missing_ok !== true
    )
  })
}

function check(isFragileStatement: boolean, { report }: RuleContext, applied: Applied): void {
  const { kind } = applied.statement.transaction
  if (isFragileStatement && (kind === 'none' || kind === 'unknown'))
    report(applied, { severity: 'note', message: 'cannot be run a second time' })
}
