import { defineRule, shown } from './define-rule.ts'

export const truncateTable = defineRule({
  id: 'truncate-table',
  axes: ['I', 'L'],
  group: 'core',
  summary: 'All rows are gone, for the previous release too.',
  why: 'TRUNCATE takes AccessExclusive and throws the file away; with CASCADE also the rows of every table that points here. No inverse brings them back.',
  safeWay: 'Delete in batches what is not needed, in a job outside of the deploy, with a snapshot before it.',
  examples: {
    given: 'CREATE TABLE t (a int)',
    bad: 'TRUNCATE t',
    good: 'CREATE TABLE n (a int); TRUNCATE n',
  },
  on: {
    truncate: ({ table, isCascade }, { existed, report }, applied) => {
      if (!existed(table.oid)) return
      report(applied, {
        message: `the rows of ${shown(table)}${isCascade ? ', and of all that point at it,' : ''} are lost`,
        relation: table.oid,
      })
    },
  },
})
