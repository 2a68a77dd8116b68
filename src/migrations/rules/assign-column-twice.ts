import type { Applied } from '../replay/changes.ts'
import { as, type Node } from '../sql/node.ts'
import { defineRule, type RuleContext } from './define-rule.ts'

export const assignColumnTwice = defineRule({
  id: 'assign-column-twice',
  axes: ['L'],
  group: 'core',
  summary: 'The same column twice in one statement: the migration fails there.',
  why: 'PostgreSQL refuses it with 42701 or 42601, in CREATE TABLE, CREATE VIEW and UPDATE alike.',
  fails: ['42701', '42601'],
  safeWay: 'Name each column once.',
  examples: { bad: 'CREATE TABLE t (a int, a text)', good: 'CREATE TABLE t (a int, "A" text)' },
  onStatement: {
    CreateStmt: (node, context, applied) =>
      check(
        (node.tableElts ?? []).flatMap((one) => as(one, 'ColumnDef')?.colname ?? []),
        context,
        applied,
      ),
    ViewStmt: (node, context, applied) =>
      check(
        (node.aliases ?? []).flatMap((one) => as(one, 'String')?.sval ?? []),
        context,
        applied,
      ),
    UpdateStmt: (node, context, applied) => check(assigned(node.targetList), context, applied),
  },
})

/** Fields and elements of a column may be set side by side. */
function assigned(targets: readonly Node[] | undefined): readonly string[] {
  return (targets ?? []).flatMap((one) => {
    const target = as(one, 'ResTarget')
    return target?.name === undefined || (target.indirection ?? []).length > 0 ? [] : [target.name]
  })
}

function check(names: readonly string[], { report }: RuleContext, applied: Applied): void {
  const twice = names.find((name, at) => names.indexOf(name) !== at)
  if (twice !== undefined) report(applied, { message: `${twice} is named twice`, sqlstate: '42701' })
}
