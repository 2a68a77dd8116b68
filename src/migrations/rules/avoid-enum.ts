import { defineRule, shown } from './define-rule.ts'

export const avoidEnum = defineRule({
  id: 'avoid-enum',
  axes: ['N'],
  group: 'style',
  summary: 'A value can be added, and never taken away.',
  why: 'Losing one means a new type and a rewritten table.',
  safeWay: 'A table of values with a foreign key, or text with a CHECK.',
  examples: { bad: "CREATE TYPE mood AS ENUM ('sad')", good: 'CREATE TABLE moods (name text PRIMARY KEY)' },
  on: {
    'create-type': ({ type }, { report }, applied) => {
      if (type.kind === 'enum') report(applied, { severity: 'note', message: `${shown(type)} is an enum` })
    },
  },
})
