import { tableOf } from '../catalog/catalog.ts'
import { defineRule, shown } from './define-rule.ts'

export const scanForPrimaryKey = defineRule({
  id: 'scan-for-primary-key',
  axes: ['L'],
  group: 'core',
  summary: 'PRIMARY KEY USING INDEX reads every row when its columns are not NOT NULL yet.',
  why: 'A primary key makes its columns NOT NULL. Unless they are, or a valid CHECK proves it, PostgreSQL looks at every row under AccessExclusive, index or not.',
  safeWay: 'ADD CHECK (c IS NOT NULL) NOT VALID, VALIDATE, SET NOT NULL; then the key is instant.',
  examples: {
    given: 'CREATE TABLE users (id bigint); CREATE UNIQUE INDEX users_id ON users (id)',
    bad: 'ALTER TABLE users ADD PRIMARY KEY USING INDEX users_id',
    good: 'ALTER TABLE users ALTER COLUMN id SET NOT NULL; ALTER TABLE users ADD PRIMARY KEY USING INDEX users_id',
  },
  on: {
    'add-constraint': ({ table, constraint, usingIndex }, { existed, after, report }, applied) => {
      if (!usingIndex || constraint.kind !== 'primary-key' || !existed(table.oid)) return
      const isRead = applied.changes.some(
        (one) => one.kind === 'set-not-null' && one.by === 'primary-key' && !one.isProved,
      )
      // Of an index that no migration made, the columns are not known either.
      const isUnknown =
        constraint.columns.length === 0 && tableOf(after, table.oid)?.columns.some(({ notNull }) => notNull) !== true
      if (isRead || isUnknown)
        report(applied, {
          severity: 'warn',
          message: `may read every row of ${shown(table)} for NULL while nobody else may`,
          relation: table.oid,
        })
    },
  },
})
