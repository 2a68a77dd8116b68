import { defineRule, shown } from './define-rule.ts'

export const dropTable = defineRule({
  id: 'drop-table',
  axes: ['N', 'I'],
  group: 'core',
  summary: 'The previous release still uses the table.',
  why: 'Every statement of the old release that names the table fails with 42P01 as soon as the migration commits, before any rollback. Its rows are lost; with CASCADE also the views and foreign keys of others.',
  fails: ['42P01'],
  safeWay: 'Stop using it in one deploy. In a later one rename it or revoke access as a rehearsal, then drop it.',
  examples: {
    given: 'CREATE TABLE sessions (id bigint)',
    bad: 'DROP TABLE sessions',
    good: 'CREATE TABLE t (id bigint); DROP TABLE t',
  },
  on: {
    'drop-table': ({ table, isCascade }, { before, after, existed, report }, applied) => {
      if (!existed(table.oid) || after.relation(table.oid) !== undefined) return
      const was = before.relation(table.oid) ?? table
      const again = after.relationNamed(was.schema, was.name)
      const what =
        again?.kind === 'table'
          ? `makes ${shown(was)} anew: another table under the same name`
          : `drops ${shown(was)}, which the previous release may use`
      const extra = isCascade ? ', with everything that depends on it' : ''
      if (again?.kind !== 'view') report(applied, { message: what + extra, sqlstate: '42P01', relation: table.oid })
      report(applied, {
        axis: 'I',
        severity: 'warn',
        message: `the rows of ${shown(was)} are lost`,
        relation: table.oid,
        safe: 'Keep a snapshot, or rename the table and drop it when nobody missed it.',
      })
    },
  },
})
