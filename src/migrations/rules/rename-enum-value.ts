import { defineRule, shown } from './define-rule.ts'

export const renameEnumValue = defineRule({
  id: 'rename-enum-value',
  axes: ['N'],
  group: 'core',
  summary: 'The previous release writes and compares the old label.',
  why: 'Old statements with the label fail with 22P02 from that moment, and what the old release reads has a name that it does not know.',
  fails: ['22P02'],
  safeWay: 'Add the new label, let both releases read both, move the rows, and never rename.',
  examples: {
    given: "CREATE TYPE mood AS ENUM ('sad', 'ok')",
    bad: "ALTER TYPE mood RENAME VALUE 'ok' TO 'fine'",
    good: "ALTER TYPE mood ADD VALUE 'fine'",
  },
  on: {
    'rename-enum-value': ({ type, from, to }, { before, report }, applied) => {
      if (before.type(type.oid) === undefined) return
      report(applied, { message: `renames '${from}' of ${shown(type)} to '${to}'`, sqlstate: '22P02' })
    },
  },
})
