import { defineRule } from './define-rule.ts'

export const missInverse = defineRule({
  id: 'miss-inverse',
  axes: ['I'],
  group: 'core',
  scope: 'files',
  summary: 'There is no SQL for the way back, where the runner has a place for it.',
  why: 'An override of a gate asks for an inverse that was verified. That it exists says nothing yet: of hand-written ones, one in six restored something else, or failed.',
  safeWay: 'Write it, and let `backflip migrations check` run it.',
  examples: { bad: '0007_b.up.sql alone', good: '0007_b.up.sql and 0007_b.down.sql' },
})
