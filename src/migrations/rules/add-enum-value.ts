import { defineRule, shown } from './define-rule.ts'

export const addEnumValue = defineRule({
  id: 'add-enum-value',
  axes: ['N', 'I'],
  group: 'core',
  summary: 'The previous release will read a value that it does not know, once it is written.',
  why: 'Adding is fine; writing it is what the old release does not expect, also after a rollback. A label can never be taken away again.',
  safeWay: 'Add it in one deploy; write it in a later one, when every release of the rollback window can read it.',
  examples: {
    given: "CREATE TYPE mood AS ENUM ('sad', 'ok')",
    bad: "ALTER TYPE mood ADD VALUE 'glad'",
    good: "CREATE TYPE color AS ENUM ('red'); ALTER TYPE color ADD VALUE 'blue'",
  },
  on: {
    'add-enum-value': ({ type, label }, { before, report }, applied) => {
      if (before.type(type.oid) === undefined) return
      report(applied, {
        severity: 'warn',
        message: `${shown(type)} gets '${label}', which the previous release cannot read`,
      })
      report(applied, {
        axis: 'I',
        severity: 'note',
        message: `'${label}' can never be taken away from ${shown(type)}`,
      })
    },
  },
})
