import { defineRule } from './define-rule.ts'

export const dropIndex = defineRule({
  id: 'drop-index',
  axes: ['L'],
  group: 'core',
  summary: 'Dropping an index needs the table for itself, if only for a moment.',
  why: 'DROP INDEX asks for AccessExclusive on the table: it is instant when it gets it, and everybody queues behind it until then. Queries of the previous release that used the index get slow.',
  safeWay: 'DROP INDEX CONCURRENTLY, in a file that runs outside of a transaction.',
  examples: {
    given: 'CREATE TABLE users (id bigint, email text); CREATE INDEX users_email ON users (email)',
    bad: 'DROP INDEX users_email',
    good: 'DROP INDEX CONCURRENTLY users_email',
  },
  on: {
    'drop-index': ({ index, isConcurrent }, { before, existed, report }, applied) => {
      if (isConcurrent || before.relation(index.oid) === undefined) return
      const relation = existed(index.table) ? index.table : index.oid
      report(applied, { severity: 'warn', message: `drops ${index.name} under AccessExclusive`, relation })
    },
  },
})
