import { tableOf } from '../catalog/catalog.ts'
import type { Column, Table } from '../catalog/types.ts'
import { defineRule, shownColumn } from './define-rule.ts'

export const setNotNull = defineRule({
  id: 'set-not-null',
  axes: ['N', 'L'],
  group: 'core',
  summary: 'The previous release may still write NULL, and the whole table is read under an exclusive lock.',
  why: 'Old code that leaves the column out, or writes NULL, gets 23502. Meanwhile nobody can even read: PostgreSQL holds AccessExclusive while it looks at every row, unless a valid CHECK already proves it (12 and later).',
  fails: ['23502'],
  safeWay:
    'When no release of the window writes NULL: ADD CHECK (c IS NOT NULL) NOT VALID; in the next deploy VALIDATE, then SET NOT NULL, which is instant then.',
  examples: {
    given: 'CREATE TABLE users (id bigint, email text)',
    bad: 'ALTER TABLE users ALTER COLUMN email SET NOT NULL',
    good: 'ALTER TABLE users ADD COLUMN phone text',
  },
  on: {
    'set-not-null': (
      { table, column, by, isProved },
      { before, existed, columnBefore, columnAfter, report },
      applied,
    ) => {
      if (!existed(table.oid)) return
      const isHeld = columnAfter(table.oid, column.id)?.notNull === true
      const was = columnBefore(table.oid, column.id)
      const name = shownColumn(table, column)
      // What a CHECK of before proves, the CHECK refuses already. NOT NULL … NOT VALID proves nothing and refuses all the same.
      const isRefused = isProved && by !== 'constraint' && provedBefore(tableOf(before, table.oid), column)
      if (was !== undefined && !was.notNull && isHeld && !isRefused) {
        report(applied, {
          message: `${name} no longer takes NULL, which the previous release may write`,
          sqlstate: '23502',
          relation: table.oid,
        })
      }
      if (by === 'column' && !isProved) {
        report(applied, {
          axis: 'L',
          message: `reads every row of the table for ${name} while nobody else may`,
          relation: table.oid,
        })
      }
    },
  },
})

function provedBefore(table: Table | undefined, { id }: Column): boolean {
  return table?.constraints.some((one) => one.provesNotNull.includes(id) || one.definition === 'unknown') === true
}
