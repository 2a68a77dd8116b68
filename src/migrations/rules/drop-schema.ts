import { listTexts } from '../sql/node.ts'
import { defineRule } from './define-rule.ts'

export const dropSchema = defineRule({
  id: 'drop-schema',
  axes: ['N', 'I'],
  group: 'core',
  summary: 'Everything in the schema goes, for the previous release too.',
  why: 'With CASCADE, every table, view, function and type in it is dropped without being named. Without, only an empty schema can be.',
  fails: ['42P01', '3F000'],
  safeWay: 'Drop its objects one by one, each when no release of the rollback window uses it; the empty schema last.',
  examples: {
    given: 'CREATE SCHEMA app; CREATE TABLE app.users (id bigint)',
    bad: 'DROP SCHEMA app CASCADE',
    good: 'CREATE SCHEMA other',
  },
  onStatement: {
    DropStmt: (node, { report }, applied) => {
      if (node.removeType !== 'OBJECT_SCHEMA') return
      const names = (node.objects ?? []).flatMap(listTexts).join(', ')
      if (node.behavior !== 'DROP_CASCADE')
        return report(applied, {
          severity: 'warn',
          message: `drops the schema ${names}, which must be empty`,
          sqlstate: '3F000',
        })
      report(applied, { message: `drops the schema ${names} and everything in it`, sqlstate: '42P01' })
      report(applied, { axis: 'I', severity: 'warn', message: `all rows in ${names} are lost` })
    },
  },
})
