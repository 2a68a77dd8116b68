import { defineRule, shown } from './define-rule.ts'

export const createIndex = defineRule({
  id: 'create-index',
  axes: ['L'],
  group: 'core',
  summary: 'Writers wait until the index is built.',
  why: 'CREATE INDEX holds a Share lock while it reads and sorts the whole table: reads go on, every insert, update and delete waits.',
  safeWay: 'CREATE INDEX CONCURRENTLY, in a file that runs outside of a transaction.',
  examples: {
    given: 'CREATE TABLE users (id bigint, email text)',
    bad: 'CREATE INDEX users_email ON users (email)',
    good: 'CREATE INDEX CONCURRENTLY users_email ON users (email)',
  },
  on: {
    'create-index': ({ table, isConcurrent, index }, { existed, report }, applied) => {
      if (isConcurrent || !existed(table.oid)) return
      const safe =
        table.partitionBy === null
          ? undefined
          : 'CREATE INDEX ON ONLY the parent, then CONCURRENTLY on each partition, then ATTACH PARTITION.'
      report(applied, {
        message: `writers to ${shown(table)} wait until ${index.name} is built`,
        relation: table.oid,
        ...(safe === undefined ? {} : { safe }),
      })
    },
  },
})
