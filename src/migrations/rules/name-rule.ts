import { defineRule } from './define-rule.ts'

export const nameRule = defineRule({
  id: 'name-rule',
  axes: ['L'],
  group: 'core',
  summary: 'The allow names no rule that there is.',
  why: 'A misspelt name allows nothing, and whoever wrote it believes that it does.',
  safeWay: '`backflip migrations lint --explain all` lists them.',
  examples: {
    given: 'CREATE TABLE users (nick text)',
    bad: '-- backflip:allow drop-colum reason="never shipped"\nALTER TABLE users DROP COLUMN nick',
    good: '-- backflip:allow drop-column reason="never shipped"\nALTER TABLE users DROP COLUMN nick',
  },
})
