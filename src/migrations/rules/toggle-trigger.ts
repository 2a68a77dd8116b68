import { defineRule, shown } from './define-rule.ts'

export const toggleTrigger = defineRule({
  id: 'toggle-trigger',
  axes: ['N', 'L'],
  group: 'core',
  summary: 'While triggers are off, the rows that live traffic writes miss what they do.',
  why: 'DISABLE TRIGGER holds for every session, not for the migration alone: foreign keys are triggers too. Enabling it again later repairs nothing. It takes ShareRowExclusive.',
  safeWay: '`SET session_replication_role = replica` for the migrating session alone, or leave them on.',
  examples: { bad: 'ALTER TABLE t DISABLE TRIGGER ALL', good: 'ALTER TABLE t ADD COLUMN b int' },
  on: {
    'toggle-trigger': ({ table, isEnabled }, { existed, report }, applied) => {
      if (!existed(table.oid)) return
      report(applied, {
        severity: 'warn',
        message: `turns triggers of ${shown(table)} ${isEnabled ? 'on' : 'off'} for everybody`,
        relation: table.oid,
      })
    },
  },
})
