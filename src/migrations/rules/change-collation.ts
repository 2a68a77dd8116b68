import { defineRule, shownColumn } from './define-rule.ts'

export const changeCollation = defineRule({
  id: 'change-collation',
  axes: ['L', 'N'],
  group: 'core',
  summary: 'Another order of texts: its indexes are built again, and the previous release gets other orders.',
  why: 'The table stays as it is, but each index on the column is built again under AccessExclusive. ORDER BY, `<` and unique comparisons may answer differently.',
  safeWay: 'A new column with the collation, its index built CONCURRENTLY, and a switch.',
  examples: {
    given: 'CREATE TABLE users (name text); CREATE INDEX users_name ON users (name)',
    bad: 'ALTER TABLE users ALTER COLUMN name TYPE text COLLATE "C"',
    good: 'ALTER TABLE users ADD COLUMN name_c text COLLATE "C"',
  },
  on: {
    'change-type': ({ table, column, cost, changesCollation }, { existed, report }, applied) => {
      if (!existed(table.oid) || !changesCollation) return
      const name = shownColumn(table, column)
      report(applied, {
        axis: 'N',
        severity: 'warn',
        message: `${name} sorts and compares differently`,
        relation: table.oid,
      })
      if (cost === 'instant' && applied.scans.has(table.oid))
        report(applied, {
          message: `builds the indexes of ${name} again while nobody else may read or write`,
          relation: table.oid,
        })
    },
  },
})
