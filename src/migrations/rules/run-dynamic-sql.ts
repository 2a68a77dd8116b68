import { defineRule } from './define-rule.ts'

export const runDynamicSql = defineRule({
  id: 'run-dynamic-sql',
  axes: ['N'],
  group: 'core',
  summary: 'What it runs is put together when it runs: nobody can judge it here.',
  why: 'DO blocks and functions are read, and constant EXECUTE strings are folded, also in a loop over a list that is written out. A string made from data or variables may change anything.',
  safeWay: 'Write the statements out, or prove the migration on a shadow database.',
  examples: {
    bad: "DO $$ DECLARE t text; BEGIN FOR t IN SELECT tablename FROM pg_tables LOOP EXECUTE 'ALTER TABLE ' || t || ' ADD COLUMN x int'; END LOOP; END $$",
    good: "DO $$ DECLARE t text; BEGIN FOREACH t IN ARRAY ARRAY['x', 'y'] LOOP EXECUTE format('CREATE TABLE %I (a int)', t); END LOOP; END $$",
  },
  on: {
    'unknown-sql': ({ what }, { report }, applied) =>
      report(applied, {
        severity: 'warn',
        message: `cannot be judged from its text: ${what.replaceAll(/\s+/g, ' ').slice(0, 120)}`,
      }),
  },
})
