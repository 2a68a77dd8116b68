import type { Applied } from '../replay/changes.ts'
import { as } from '../sql/node.ts'
import { defineRule } from './define-rule.ts'

export const renameSchema = defineRule({
  id: 'rename-schema',
  axes: ['N'],
  group: 'core',
  summary: 'Every name of the previous release that has the schema in it fails.',
  why: 'Tables, types and functions are found neither by their qualified names nor by a search_path that names the old schema.',
  fails: ['42P01', '3F000'],
  safeWay: 'A new schema with views over the old one; move the objects in later deploys.',
  examples: { bad: 'ALTER SCHEMA app RENAME TO core', good: 'CREATE SCHEMA new; ALTER SCHEMA new RENAME TO core' },
  onStatement: {
    RenameStmt: (node, { applied: all, report }, applied) => {
      const from = node.subname ?? ''
      // A schema that this deploy makes nobody knows yet; one whose name comes back was only away.
      if (node.renameType !== 'OBJECT_SCHEMA' || all.some((one) => makesSchema(one, from))) return
      report(applied, { message: `renames the schema ${from} to ${node.newname ?? ''}`, sqlstate: '3F000' })
    },
  },
})

function makesSchema({ statement: { node } }: Applied, name: string): boolean {
  if (as(node, 'CreateSchemaStmt')?.schemaname === name) return true
  const rename = as(node, 'RenameStmt')
  return rename?.renameType === 'OBJECT_SCHEMA' && rename.newname === name
}
