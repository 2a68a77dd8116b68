import { defineRule, shown } from './define-rule.ts'

export const changePolicy = defineRule({
  id: 'change-policy',
  axes: ['N'],
  group: 'core',
  summary: 'The previous release sees and writes other rows.',
  why: 'A policy that is dropped or changed hides rows (no error) or refuses writes (42501). A restrictive one does so when it is new.',
  fails: ['42501'],
  safeWay: 'Add the new policy beside the old one; drop the old one in a later deploy.',
  examples: {
    given: 'CREATE TABLE t (a int); CREATE POLICY p ON t USING (true)',
    bad: 'DROP POLICY p ON t',
    good: 'CREATE POLICY q ON t USING (a > 0)',
  },
  on: {
    'change-policy': ({ table, policy, by }, { existed, report }, applied) => {
      if (!existed(table.oid) || (by === 'create' && !policy.isRestrictive)) return
      const what = by === 'create' ? 'restricts' : by === 'alter' ? 'changes' : 'drops'
      report(applied, {
        severity: 'warn',
        message: `${what} the policy ${policy.name} of ${shown(table)}`,
        sqlstate: '42501',
        relation: table.oid,
      })
    },
  },
})
