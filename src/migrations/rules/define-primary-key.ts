import { tableOf } from '../catalog/catalog.ts'
import { defineRule, shown } from './define-rule.ts'

export const definePrimaryKey = defineRule({
  id: 'define-primary-key',
  axes: ['N'],
  group: 'style',
  summary: 'Without a primary key its rows cannot be told apart.',
  why: 'Logical replication needs one, and so does a backfill in batches.',
  safeWay: 'A primary key.',
  examples: { bad: 'CREATE TABLE t (a int)', good: 'CREATE TABLE t (a int PRIMARY KEY)' },
  on: {
    'create-table': ({ table }, { after, report }, applied) => {
      const is = tableOf(after, table.oid)
      if (is === undefined || is.persistence === 'temporary' || is.isPartition || is.isAssumed) return
      if (!is.constraints.some(({ kind }) => kind === 'primary-key'))
        report(applied, { severity: 'note', message: `${shown(is)} has no primary key` })
    },
  },
})
