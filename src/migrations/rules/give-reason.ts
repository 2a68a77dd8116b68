import { defineRule } from './define-rule.ts'

export const giveReason = defineRule({
  id: 'give-reason',
  axes: ['L'],
  group: 'core',
  summary: 'A rule is allowed to be broken, and nobody says why.',
  why: 'Whoever reads it at three in the morning needs the reason. Without one the allow does not count.',
  safeWay: '`-- backflip:allow RULE reason="…"`, with inverse= and expires= where they help.',
  examples: {
    given: 'CREATE TABLE users (nick text)',
    bad: '-- backflip:allow drop-column\nALTER TABLE users DROP COLUMN nick',
    good: '-- backflip:allow drop-column reason="never shipped: added and dropped behind a flag"\nALTER TABLE users DROP COLUMN nick',
  },
})
