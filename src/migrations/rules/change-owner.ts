import { defineRule, shown } from './define-rule.ts'

export const changeOwner = defineRule({
  id: 'change-owner',
  axes: ['N'],
  group: 'core',
  summary: 'Whoever owned it may lose the right to use it.',
  why: 'An owner needs no grants. The previous release, when it connects as the old owner, has only what was granted to it: 42501.',
  fails: ['42501'],
  safeWay: 'GRANT to the old owner first.',
  examples: {
    given: 'CREATE TABLE t (a int)',
    bad: 'ALTER TABLE t OWNER TO other',
    good: 'GRANT SELECT ON t TO other',
  },
  on: {
    'change-owner': ({ relation }, { existed, report }, applied) => {
      if (existed(relation.oid))
        report(applied, {
          severity: 'warn',
          message: `${shown(relation)} gets another owner`,
          sqlstate: '42501',
          relation: relation.oid,
        })
    },
  },
})
