import { defineRule, shown } from './define-rule.ts'

export const dropTrigger = defineRule({
  id: 'drop-trigger',
  axes: ['N'],
  group: 'core',
  summary: 'What the trigger did no longer happens, also for writes of the previous release.',
  why: 'Old code runs, and counts on rows, times or copies that nobody makes any more. After a rollback nobody makes them either.',
  safeWay: 'Drop it in a later deploy, when no release of the rollback window counts on it.',
  examples: {
    given:
      "CREATE TABLE t (a int); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'begin return new; end'; CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()",
    bad: 'DROP TRIGGER g ON t',
    good: 'ALTER TABLE t ADD COLUMN b int',
  },
  on: {
    'drop-trigger': ({ table, name }, { before, after, report }, applied) => {
      if (table === null) return
      const [was, is] = [before.relation(table.oid), after.relation(table.oid)]
      if (was?.kind !== 'table' || is?.kind !== 'table' || is.triggers.some((one) => one.name === name)) return
      if (!was.isAssumed && !was.triggers.some((one) => one.name === name)) return
      report(applied, {
        severity: 'warn',
        message: `the trigger ${name} of ${shown(table)} no longer runs`,
        relation: table.oid,
      })
    },
  },
})
