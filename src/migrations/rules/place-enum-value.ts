import { defineRule, shown } from './define-rule.ts'

export const placeEnumValue = defineRule({
  id: 'place-enum-value',
  axes: ['N'],
  group: 'style',
  summary: 'Without BEFORE or AFTER, the value is greater than all others.',
  why: 'Comparisons such as `status < done` leave it out.',
  safeWay: "ADD VALUE 'x' BEFORE 'y'.",
  examples: {
    bad: "ALTER TYPE mood ADD VALUE 'glad'",
    good: "ALTER TYPE mood ADD VALUE 'glad' BEFORE 'sad'",
  },
  on: {
    'add-enum-value': ({ type, label, isPlaced }, { report }, applied) => {
      if (!isPlaced) report(applied, { severity: 'note', message: `'${label}' of ${shown(type)} has no place` })
    },
  },
})
