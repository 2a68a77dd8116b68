import { tableOf } from '../catalog/catalog.ts'
import { defineRule, shown } from './define-rule.ts'

export const preferPrimaryKey = defineRule({
  id: 'prefer-primary-key',
  axes: ['N'],
  group: 'style',
  summary: 'UNIQUE and NOT NULL is a primary key that nobody called one.',
  why: 'Tools look for the primary key.',
  safeWay: 'PRIMARY KEY.',
  examples: { bad: 'CREATE TABLE t (a text NOT NULL UNIQUE)', good: 'CREATE TABLE t (a text PRIMARY KEY)' },
  on: {
    'create-table': ({ table }, { after, report }, applied) => {
      const is = tableOf(after, table.oid)
      if (is === undefined || is.constraints.some(({ kind }) => kind === 'primary-key')) return
      const required = new Set(is.columns.filter(({ notNull }) => notNull).map(({ id }) => id))
      const unique = is.constraints.find(
        ({ kind, columns }) => kind === 'unique' && columns.every((id) => required.has(id)),
      )
      if (unique !== undefined) report(applied, { severity: 'note', message: `${unique.name} of ${shown(is)} is one` })
    },
  },
})
