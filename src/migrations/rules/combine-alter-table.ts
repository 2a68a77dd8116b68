import { as } from '../sql/node.ts'
import { defineRule } from './define-rule.ts'

export const combineAlterTable = defineRule({
  id: 'combine-alter-table',
  axes: ['L'],
  group: 'style',
  summary: 'Two statements where one would lock, and scan, once.',
  why: 'Several actions of one ALTER TABLE share a lock and a pass over the table.',
  safeWay: 'One ALTER TABLE with a comma.',
  examples: {
    bad: 'ALTER TABLE t ADD COLUMN a int; ALTER TABLE t ADD COLUMN b int',
    good: 'ALTER TABLE t ADD COLUMN a int, ADD COLUMN b int',
  },
  atEnd({ applied, report }) {
    let last = ''
    for (const one of applied) {
      const { node, file } = one.statement
      const range = as(node, 'AlterTableStmt')?.relation
      const name = range === undefined ? '' : `${file} ${range.schemaname ?? ''}.${range.relname ?? ''}`
      if (name !== '' && name === last)
        report(one, {
          severity: 'note',
          message: `could be one with the ALTER TABLE ${range?.relname ?? ''} before it`,
        })
      last = name
    }
  },
})
