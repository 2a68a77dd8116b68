import { defineRule, shown } from './define-rule.ts'

const SAYS = {
  logged: 'making it logged',
  unlogged: 'making it unlogged',
  tablespace: 'moving it to another tablespace',
  'access-method': 'changing its access method',
} as const

export const changeStorage = defineRule({
  id: 'change-storage',
  axes: ['L'],
  group: 'core',
  summary: 'The whole table is written anew while nobody can read it.',
  why: 'SET LOGGED, SET UNLOGGED, SET TABLESPACE and SET ACCESS METHOD copy every row under AccessExclusive. An unlogged table is empty after a crash, and on every replica.',
  safeWay: 'A new table of the kind that is wanted, kept by a trigger, and a switch.',
  examples: {
    given: 'CREATE TABLE t (a int)',
    bad: 'ALTER TABLE t SET UNLOGGED',
    good: 'ALTER TABLE t SET (fillfactor = 90)',
  },
  on: {
    'change-storage': ({ table, what }, { existed, report }, applied) => {
      if (existed(table.oid))
        report(applied, { message: `${SAYS[what]} writes all of ${shown(table)} anew`, relation: table.oid })
    },
  },
})
