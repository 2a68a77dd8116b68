import { defineRule, shown } from './define-rule.ts'

export const avoidConstrainedDomain = defineRule({
  id: 'avoid-constrained-domain',
  axes: ['L'],
  group: 'style',
  summary: 'A column of such a domain cannot be added without a rewrite.',
  why: 'Its constraint is checked for every row of every table that gets a column of it, and changing it reads them all.',
  safeWay: 'A CHECK on the table, which can be NOT VALID.',
  examples: { bad: 'CREATE DOMAIN positive AS int CHECK (value > 0)', good: 'CREATE DOMAIN email AS text' },
  on: {
    'create-type': ({ type }, { report }, applied) => {
      if (type.kind === 'domain' && type.isConstrained)
        report(applied, { severity: 'note', message: `${shown(type)} has a constraint` })
    },
  },
})
