import { defineRule } from './define-rule.ts'

export const reorderMigration = defineRule({
  id: 'reorder-migration',
  axes: ['N'],
  group: 'core',
  scope: 'files',
  summary: 'A new migration sorts before one that is applied already.',
  why: 'Two branches were merged in another order than their numbers say. A new database runs them in one order, the live one in the other; some runners skip it silently.',
  safeWay: 'Give it a later number.',
  examples: { bad: '0007_b.sql is new, 0008_a.sql is applied', good: '0009_b.sql is new, 0008_a.sql is applied' },
})
