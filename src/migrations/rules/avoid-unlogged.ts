import { defineRule, shown } from './define-rule.ts'

export const avoidUnlogged = defineRule({
  id: 'avoid-unlogged',
  axes: ['I'],
  group: 'style',
  summary: 'After a crash it is empty, and on a replica always.',
  why: 'An unlogged table is not in the write-ahead log.',
  safeWay: 'A plain table.',
  examples: { bad: 'CREATE UNLOGGED TABLE t (a int)', good: 'CREATE TABLE t (a int)' },
  on: {
    'create-table': ({ table }, { report }, applied) => {
      if (table.persistence === 'unlogged')
        report(applied, { severity: 'note', message: `${shown(table)} is unlogged` })
    },
  },
})
