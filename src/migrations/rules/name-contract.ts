import { defineRule } from './define-rule.ts'

export const nameContract = defineRule({
  id: 'name-contract',
  axes: ['L'],
  group: 'core',
  summary: 'A contract step names no earlier migration.',
  why: 'Taking the old shape away is right when an earlier deploy stopped using it. Which one that was has to be said, and it may not be this deploy.',
  safeWay: '`-- backflip:contract of=NAME`, with the name of the migration whose deploy stopped using it.',
  examples: {
    given: 'CREATE TABLE users (nick text)',
    bad: '-- backflip:contract of=0099_never\nALTER TABLE users DROP COLUMN nick',
    good: '-- backflip:contract of=given\nALTER TABLE users DROP COLUMN nick',
  },
})
