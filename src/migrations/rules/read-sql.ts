import { defineRule } from './define-rule.ts'

export const readSql = defineRule({
  id: 'read-sql',
  axes: ['L'],
  group: 'core',
  summary: 'PostgreSQL’s own grammar does not take it: the migration fails there.',
  why: 'The parser is PostgreSQL 18’s. What it refuses, the server refuses with 42601. The other statements of the file are judged all the same.',
  fails: ['42601'],
  safeWay: 'Correct it; if it is a template, say with which runner it is filled in.',
  examples: { bad: 'ALTER TABEL users ADD COLUMN a int', good: 'ALTER TABLE users ADD COLUMN a int' },
})
