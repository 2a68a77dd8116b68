import { defineRule } from './define-rule.ts'

export const renewAllow = defineRule({
  id: 'renew-allow',
  axes: ['L'],
  group: 'core',
  summary: 'The allow is past its day.',
  why: 'It was given until then. From the next day on the rule holds again.',
  safeWay: 'Do what it was to be done by then, or say anew why it has to wait.',
  examples: {
    given: 'CREATE TABLE users (nick text)',
    bad: '-- backflip:allow drop-column reason="window" expires=2020-01-01\nALTER TABLE users DROP COLUMN nick',
    good: '-- backflip:allow drop-column reason="window" expires=9999-01-01\nALTER TABLE users DROP COLUMN nick',
  },
})
