import { defineRule, shown } from './define-rule.ts'

export const useUniqueIndex = defineRule({
  id: 'use-unique-index',
  axes: ['L'],
  group: 'core',
  summary: 'A unique constraint that takes an index that is there: instant.',
  why: 'The index was built CONCURRENTLY, and the constraint only puts its name on it. AccessExclusive, for a moment.',
  safeWay: 'This is the safe way.',
  examples: {
    given: 'CREATE TABLE users (email text); CREATE UNIQUE INDEX users_email ON users (email)',
    bad: 'ALTER TABLE users ADD CONSTRAINT users_email_key UNIQUE USING INDEX users_email',
    good: 'ALTER TABLE users ADD CONSTRAINT users_email_key UNIQUE (email)',
  },
  on: {
    'add-constraint': ({ table, constraint, usingIndex }, { report }, applied) => {
      if (usingIndex && constraint.kind === 'unique')
        report(applied, {
          severity: 'note',
          message: `${constraint.name} of ${shown(table)} takes an index that is there`,
          relation: table.oid,
        })
    },
  },
})
