import { formatType } from '../catalog/catalog.ts'
import type { TypeRef } from '../catalog/types.ts'
import { defineRule, shownColumn } from './define-rule.ts'

export const changeColumnType = defineRule({
  id: 'change-column-type',
  axes: ['N', 'L'],
  group: 'core',
  summary: 'The previous release writes and reads the old type, and most changes write the table anew.',
  why: 'Prepared statements of the old release fail with 0A000 until they are prepared again, values that no longer fit with 22001 or 22003, and drivers decode what they did not ask for. All but a few changes rewrite the table and its indexes under AccessExclusive.',
  fails: ['0A000', '22001', '22003'],
  safeWay:
    'Add a column of the new type, keep both equal with a trigger, backfill in batches, switch the code, drop the old one in a later deploy.',
  examples: {
    given: 'CREATE TABLE orders (id bigint, amount int, code varchar(20))',
    bad: 'ALTER TABLE orders ALTER COLUMN amount TYPE bigint',
    good: 'ALTER TABLE orders ADD COLUMN amount_new bigint',
  },
  on: {
    'change-type': (
      { table, column, to, cost },
      { before, after, existed, columnBefore, columnAfter, server, report },
      applied,
    ) => {
      if (!existed(table.oid)) return
      const name = shownColumn(table, column)
      const was = columnBefore(table.oid, column.id)
      const is = columnAfter(table.oid, column.id)
      if (was !== undefined && is?.type != null) {
        const from = was.type === null ? 'a type that we do not know' : formatType(before, was.type)
        const into = formatType(after, is.type)
        if (from !== into) {
          if (was.type !== null && isWider(was.type, is.type)) return
          const sqlstate = isNarrower(was.type, is.type) ? '22001' : '0A000'
          report(applied, { message: `${name} becomes ${into}, was ${from}`, sqlstate, relation: table.oid })
        }
      }
      if (cost === 'instant') return
      const zone = isTimestamps(column.type, to)
        ? ` (in UTC it would not; the session is taken to be in ${server.timeZone})`
        : ''
      const unless = cost === 'unknown' ? ', unless the old type has the same bytes' : ''
      report(applied, {
        axis: 'L',
        message: `writes the whole table anew for ${name}${unless}${zone}`,
        relation: table.oid,
      })
    },
  },
})

const TEXTS = new Set(['varchar', 'text'])

/** Every old value is a new one and is sent in the same way: varchar(n) to a longer one, varchar and text. */
export function isWider(from: TypeRef, to: TypeRef): boolean {
  if (!TEXTS.has(from.name) || !TEXTS.has(to.name) || from.isArray !== to.isArray) return false
  const limit = to.modifiers[0]
  return limit === undefined || (from.modifiers[0] !== undefined && from.modifiers[0] <= limit)
}

function isNarrower(from: TypeRef | null, to: TypeRef): boolean {
  const limit = to.modifiers[0]
  return limit !== undefined && (from === null || from.modifiers[0] === undefined || from.modifiers[0] > limit)
}

function isTimestamps(from: TypeRef | null, to: TypeRef): boolean {
  return from !== null && from.name !== to.name && from.name.startsWith('timestamp') && to.name.startsWith('timestamp')
}
