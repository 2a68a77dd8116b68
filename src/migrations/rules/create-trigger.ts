import { defineRule, shown } from './define-rule.ts'

export const createTrigger = defineRule({
  id: 'create-trigger',
  axes: ['N', 'L'],
  group: 'core',
  summary: 'Writes of the previous release run the trigger too.',
  why: 'A trigger may refuse (P0001) or change what old code writes. Creating it takes ShareRowExclusive: writers wait until the transaction ends.',
  fails: ['P0001'],
  safeWay: 'Fine when it lets the old writes pass. With a lock timeout.',
  examples: {
    given: "CREATE TABLE t (a int); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'begin return new; end'",
    bad: 'CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()',
    good: 'ALTER TABLE t ADD COLUMN b int',
  },
  on: {
    'create-trigger': ({ table, trigger }, { existed, report }, applied) => {
      if (table === null || !existed(table.oid)) return
      report(applied, {
        severity: 'warn',
        message: `writes to ${shown(table)} run ${trigger.function}() from now on`,
        sqlstate: 'P0001',
        relation: table.oid,
      })
      report(applied, {
        axis: 'L',
        severity: 'warn',
        message: `writers to ${shown(table)} wait until the transaction ends`,
        relation: table.oid,
      })
    },
  },
})
