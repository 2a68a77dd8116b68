import { defineRule, shown } from './define-rule.ts'

export const usePrimaryIndex = defineRule({
  id: 'use-primary-index',
  axes: ['L'],
  group: 'core',
  summary: 'A primary key that takes an index that is there: instant when its columns are NOT NULL.',
  why: 'The index was built CONCURRENTLY, and the key only puts its name on it. AccessExclusive, for a moment.',
  safeWay: 'This is the safe way, when the columns are NOT NULL.',
  examples: {
    given: 'CREATE TABLE users (id bigint NOT NULL); CREATE UNIQUE INDEX users_id ON users (id)',
    bad: 'ALTER TABLE users ADD PRIMARY KEY USING INDEX users_id',
    good: 'ALTER TABLE users ADD PRIMARY KEY (id)',
  },
  on: {
    'add-constraint': ({ table, constraint, usingIndex }, { report }, applied) => {
      if (usingIndex && constraint.kind === 'primary-key')
        report(applied, {
          severity: 'note',
          message: `the primary key of ${shown(table)} takes an index that is there`,
          relation: table.oid,
        })
    },
  },
})
