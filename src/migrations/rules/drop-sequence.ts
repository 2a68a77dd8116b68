import { defineRule, shown } from './define-rule.ts'

export const dropSequence = defineRule({
  id: 'drop-sequence',
  axes: ['N'],
  group: 'core',
  summary: 'The previous release may still ask the sequence for numbers.',
  why: "`nextval('name')` of the old release, or of a default that a rollback wants back, fails with 42P01.",
  fails: ['42P01'],
  safeWay: 'Drop it in a later deploy, when no release of the rollback window names it.',
  examples: {
    given: 'CREATE SEQUENCE numbers',
    bad: 'DROP SEQUENCE numbers',
    good: 'CREATE SEQUENCE more',
  },
  on: {
    'drop-sequence': ({ relation }, { before, after, report }, applied) => {
      const was = before.relation(relation.oid)
      if (was === undefined || after.relationNamed(was.schema, was.name) !== undefined) return
      report(applied, { message: `drops the sequence ${shown(was)}`, sqlstate: '42P01', relation: was.oid })
    },
  },
})
