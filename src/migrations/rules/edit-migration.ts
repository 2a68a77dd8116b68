import { defineRule } from './define-rule.ts'

export const editMigration = defineRule({
  id: 'edit-migration',
  axes: ['N'],
  group: 'core',
  scope: 'files',
  summary: 'A migration was edited after it was applied.',
  why: 'A database that ran it has what it said before; a new one gets what it says now. Runners with checksums refuse to go on.',
  safeWay: 'Put it back, and write a new migration.',
  examples: { bad: 'the file is at the baseline, with other bytes', good: 'the file is new since the baseline' },
})
