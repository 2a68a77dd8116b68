import { defineRule } from './define-rule.ts'

export const removeAllow = defineRule({
  id: 'remove-allow',
  axes: ['L'],
  group: 'core',
  summary: 'The allow is for nothing: its rule finds nothing at that statement.',
  why: 'What allows nothing today allows something by accident tomorrow.',
  safeWay: 'Remove the comment, or put it before the statement that it is about.',
  examples: {
    given: 'CREATE TABLE users (nick text)',
    bad: '-- backflip:allow drop-table reason="x"\nALTER TABLE users DROP COLUMN nick',
    good: '-- backflip:allow drop-column reason="never shipped"\nALTER TABLE users DROP COLUMN nick',
  },
})
