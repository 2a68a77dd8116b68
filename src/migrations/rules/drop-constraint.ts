import { tableOf } from '../catalog/catalog.ts'
import { defineRule, shown } from './define-rule.ts'

export const dropConstraint = defineRule({
  id: 'drop-constraint',
  axes: ['N'],
  group: 'core',
  summary: 'Rows come in that the previous release was sure never to see.',
  why: 'Statements of the old release all run. But a CHECK or foreign key that it counts on no longer holds, and a cascade that it counts on no longer happens.',
  safeWay: 'First deploy code that copes with such rows.',
  examples: {
    given: 'CREATE TABLE orders (id bigint, price int, CONSTRAINT positive CHECK (price > 0))',
    bad: 'ALTER TABLE orders DROP CONSTRAINT positive',
    good: 'ALTER TABLE orders ADD COLUMN note text',
  },
  on: {
    'drop-constraint': ({ table, constraint }, { before, after, report }, applied) => {
      const was = tableOf(before, table.oid)?.constraints.find(({ oid }) => oid === constraint.oid)
      const is = tableOf(after, table.oid)
      if (was === undefined || is === undefined || was.kind === 'unique' || was.kind === 'primary-key') return
      if (is.constraints.some(({ definition }) => definition === was.definition && definition !== 'unknown')) return
      report(applied, {
        severity: 'warn',
        message: `${was.name} of ${shown(table)} no longer holds`,
        relation: table.oid,
      })
    },
  },
})
