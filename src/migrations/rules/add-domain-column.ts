import { defineRule, shownColumn } from './define-rule.ts'

export const addDomainColumn = defineRule({
  id: 'add-domain-column',
  axes: ['L'],
  group: 'core',
  summary: 'A new column of a domain with a constraint has the whole table written anew.',
  why: 'The domain is checked for each old row, and PostgreSQL writes the table while it does, under AccessExclusive, even when every value is NULL.',
  safeWay: 'Use the base type; add the CHECK to the table NOT VALID and validate it on its own.',
  examples: {
    given: 'CREATE TABLE orders (id bigint); CREATE DOMAIN positive AS int CHECK (value > 0)',
    bad: 'ALTER TABLE orders ADD COLUMN price positive',
    good: 'ALTER TABLE orders ADD COLUMN price int',
  },
  on: {
    'add-column': ({ table, column, addition }, { existed, report }, applied) => {
      if (!existed(table.oid) || !addition.domainIsConstrained) return
      report(applied, {
        message: `writes the whole table anew to check the domain of ${shownColumn(table, column)}`,
        relation: table.oid,
      })
    },
  },
})
