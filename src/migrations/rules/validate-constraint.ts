import { defineRule, shown } from './define-rule.ts'

export const validateConstraint = defineRule({
  id: 'validate-constraint',
  axes: ['L'],
  group: 'core',
  summary: 'Reads the whole table, and nobody waits.',
  why: 'VALIDATE CONSTRAINT takes ShareUpdateExclusive: reads and writes go on, only other schema changes and VACUUM wait.',
  safeWay: 'This is the safe way.',
  examples: {
    given: 'CREATE TABLE orders (price int); ALTER TABLE orders ADD CONSTRAINT positive CHECK (price > 0) NOT VALID',
    bad: 'ALTER TABLE orders VALIDATE CONSTRAINT positive',
    good: 'ALTER TABLE orders ADD COLUMN note text',
  },
  on: {
    'validate-constraint': ({ table, constraint }, { report }, applied) => {
      report(applied, {
        severity: 'note',
        message: `reads all of ${shown(table)} for ${constraint.name}; nobody waits`,
        relation: table.oid,
      })
    },
  },
})
