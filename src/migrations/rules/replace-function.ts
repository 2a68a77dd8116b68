import { defineRule, shown } from './define-rule.ts'

export const replaceFunction = defineRule({
  id: 'replace-function',
  axes: ['N'],
  group: 'core',
  summary: 'The previous release calls the new body.',
  why: 'A rollback brings the old code back, not the old function. Calls run; what they do may differ.',
  safeWay: 'Fine when the new body does for old callers what the old one did; else a function under a new name.',
  examples: {
    given: "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'select 1'",
    bad: "CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS 'select 2'",
    good: "CREATE FUNCTION g() RETURNS int LANGUAGE sql AS 'select 2'",
  },
  on: {
    'create-routine': ({ routine, replaced }, { before, report }, applied) => {
      if (replaced === null || before.routine(replaced.oid) === undefined) return
      report(applied, { severity: 'note', message: `${shown(routine)}(${routine.arguments}) gets another body` })
    },
  },
})
