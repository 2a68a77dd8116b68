import { defineRule } from './define-rule.ts'

export const keepInvalidIndex = defineRule({
  id: 'keep-invalid-index',
  axes: ['L'],
  group: 'core',
  summary: 'After a failed attempt the repeat does nothing, and the index stays invalid.',
  why: 'CREATE INDEX CONCURRENTLY that fails, by a duplicate or a timeout, leaves an invalid index under its name. IF NOT EXISTS sees the name and skips: it costs at every write and helps no query.',
  safeWay: 'DROP INDEX CONCURRENTLY IF EXISTS before it, without IF NOT EXISTS.',
  examples: {
    given: 'CREATE TABLE users (id bigint, email text)',
    bad: 'CREATE INDEX CONCURRENTLY IF NOT EXISTS users_email ON users (email)',
    good: 'DROP INDEX CONCURRENTLY IF EXISTS users_email; CREATE INDEX CONCURRENTLY users_email ON users (email)',
  },
  on: {
    'create-index': ({ isConcurrent, ifNotExists, index }, { report }, applied) => {
      if (isConcurrent && ifNotExists)
        report(applied, {
          severity: 'note',
          message: `an invalid ${index.name} from a failed attempt would stay`,
          relation: index.table,
        })
    },
  },
})
