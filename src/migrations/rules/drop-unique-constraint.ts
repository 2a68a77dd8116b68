import { indexOf, tableOf } from '../catalog/catalog.ts'
import { defineRule, shown } from './define-rule.ts'

export const dropUniqueConstraint = defineRule({
  id: 'drop-unique-constraint',
  axes: ['N'],
  group: 'core',
  summary: 'ON CONFLICT of the previous release finds no constraint to rest on, and foreign keys lose their target.',
  why: 'Dropping a primary key or unique constraint drops its index. `ON CONFLICT (columns)` fails with 42P10, `ON CONFLICT ON CONSTRAINT name` with 42704, and duplicates come in.',
  fails: ['42P10', '42704'],
  safeWay: 'Drop it in a later deploy, when no release of the rollback window counts on it.',
  examples: {
    given: 'CREATE TABLE users (id bigint PRIMARY KEY, email text UNIQUE)',
    bad: 'ALTER TABLE users DROP CONSTRAINT users_email_key',
    good: 'ALTER TABLE users ADD COLUMN phone text',
  },
  on: {
    'drop-constraint': ({ table, constraint }, { before, after, report }, applied) => {
      const was = tableOf(before, table.oid)?.constraints.find(({ oid }) => oid === constraint.oid)
      const is = tableOf(after, table.oid)
      if (was === undefined || is === undefined || (was.kind !== 'unique' && was.kind !== 'primary-key')) return
      const definition = was.index === null ? 'unknown' : indexOf(before, was.index)?.definition
      const again = is.constraints.find(
        (one) => one.index !== null && indexOf(after, one.index)?.definition === definition,
      )
      // Made again under the same name, nobody notices; under another, only who named it.
      if (again !== undefined && again.name === was.name && !applied.statement.isConditional) return
      const what = was.kind === 'primary-key' ? 'primary key' : 'unique constraint'
      report(applied, {
        message: `drops the ${what} ${was.name} of ${shown(table)}`,
        sqlstate: again === undefined ? '42P10' : '42704',
        relation: table.oid,
      })
    },
  },
})
