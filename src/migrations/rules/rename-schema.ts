import { defineRule } from './define-rule.ts'

export const renameSchema = defineRule({
  id: 'rename-schema',
  axes: ['N'],
  group: 'core',
  summary: 'Every name of the previous release that has the schema in it fails.',
  why: 'Tables, types and functions are found neither by their qualified names nor by a search_path that names the old schema.',
  fails: ['42P01', '3F000'],
  safeWay: 'A new schema with views over the old one; move the objects in later deploys.',
  examples: { bad: 'ALTER SCHEMA app RENAME TO core', good: 'CREATE SCHEMA core' },
  onStatement: {
    RenameStmt: (node, { report }, applied) => {
      if (node.renameType === 'OBJECT_SCHEMA')
        report(applied, {
          message: `renames the schema ${node.subname ?? ''} to ${node.newname ?? ''}`,
          sqlstate: '3F000',
        })
    },
  },
})
