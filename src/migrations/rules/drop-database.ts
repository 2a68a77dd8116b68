import { defineRule } from './define-rule.ts'

export const dropDatabase = defineRule({
  id: 'drop-database',
  axes: ['I', 'N'],
  group: 'core',
  summary: 'A whole database goes.',
  why: 'It has no place in a migration: the connection of every release is refused with 3D000, and nothing brings it back but a backup.',
  fails: ['3D000'],
  safeWay: 'Do it by hand, with a backup that was restored once.',
  examples: { bad: 'DROP DATABASE app', good: 'CREATE TABLE t (a int)' },
  onStatement: {
    DropdbStmt: (node, { report }, applied) => {
      report(applied, { message: `drops the database ${node.dbname ?? ''}`, sqlstate: '3D000' })
      report(applied, {
        axis: 'N',
        message: `no release can connect to ${node.dbname ?? ''} any more`,
        sqlstate: '3D000',
      })
    },
  },
})
