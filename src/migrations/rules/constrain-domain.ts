import { defineRule, shown } from './define-rule.ts'

export const constrainDomain = defineRule({
  id: 'constrain-domain',
  axes: ['N', 'L'],
  group: 'core',
  summary: 'The previous release may write what the domain refuses, in every table that uses it.',
  why: 'Old inserts and updates get 23514. Validated, it also reads every table with a column of the domain under a Share lock: all their writers wait.',
  fails: ['23514'],
  safeWay: 'Add it NOT VALID when every release of the window keeps to it, then ALTER DOMAIN … VALIDATE CONSTRAINT.',
  examples: {
    given: 'CREATE DOMAIN email AS text; CREATE TABLE users (mail email)',
    bad: "ALTER DOMAIN email ADD CONSTRAINT has_at CHECK (value LIKE '%@%')",
    good: 'ALTER DOMAIN email DROP CONSTRAINT has_at',
  },
  on: {
    'constrain-domain': ({ type, isNotValid, tables }, { before, existed, report }, applied) => {
      if (before.type(type.oid) === undefined) return
      report(applied, {
        message: `${shown(type)} is checked for every new value, also of the previous release`,
        sqlstate: '23514',
      })
      const held = tables.filter(({ oid }) => existed(oid))
      if (isNotValid || (held.length === 0 && !type.isAssumed)) return
      const names = held.length === 0 ? 'every table that uses it' : held.map(shown).join(', ')
      const relation = held[0]?.oid
      report(applied, {
        axis: 'L',
        message: `reads all of ${names} while writers wait`,
        ...(relation === undefined ? {} : { relation }),
      })
    },
  },
})
