import type { Applied } from '../replay/changes.ts'
import type { NodeOf } from '../sql/node.ts'
import { as, listTexts } from '../sql/node.ts'
import { defineRule, type RuleContext } from './define-rule.ts'

export const nameTableSchema = defineRule({
  id: 'name-table-schema',
  axes: ['N'],
  group: 'style',
  summary: 'Which table it is depends on the search_path of the session.',
  why: 'The migrating role and the application may have different ones.',
  safeWay: 'Write the schema: public.users.',
  examples: { bad: 'CREATE TABLE t (a int)', good: 'CREATE TABLE public.t (a int)' },
  onStatement: {
    CreateStmt: (node, context, applied) => check(node.relation, context, applied),
    CreateTableAsStmt: (node, context, applied) => check(node.into?.rel, context, applied),
    AlterTableStmt: (node, context, applied) =>
      node.objtype === 'OBJECT_TABLE' ? check(node.relation, context, applied) : undefined,
    RenameStmt: (node, context, applied) =>
      node.renameType === 'OBJECT_TABLE' ? check(node.relation, context, applied) : undefined,
    DropStmt: (node, { report }, applied) => {
      if (node.removeType !== 'OBJECT_TABLE') return
      const bare = (node.objects ?? []).find((one) => as(one, 'List') !== undefined && listTexts(one).length < 2)
      if (bare !== undefined)
        report(applied, { severity: 'note', message: `${listTexts(bare)[0] ?? 'the table'} has no schema` })
    },
  },
})

function check(range: NodeOf<'RangeVar'> | undefined, { report }: RuleContext, applied: Applied): void {
  if (range === undefined || range.schemaname !== undefined || range.relpersistence === 't') return
  report(applied, { severity: 'note', message: `${range.relname ?? 'the table'} has no schema` })
}
