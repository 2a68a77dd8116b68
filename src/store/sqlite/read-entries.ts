import type { DatabaseSync } from 'node:sqlite'
import type { OperationId } from '../../domain/ids.ts'
import type { Entry, Fact } from '../../domain/journal.ts'
import type { ReadRange } from '../../ports/journal.ts'
import { HEADLINE_KINDS, HEADLINES_SQL } from './schema.ts'

const DEFAULT_LIMIT = 1_000
const MAX_LIMIT = 10_000

export function readEntries(database: DatabaseSync, range: ReadRange): readonly Entry[] {
  const where = ['seq > ?']
  const values: (string | number)[] = [range.after ?? 0]
  if (range.before !== undefined) {
    where.push('seq < ?')
    values.push(range.before)
  }
  if (range.operation !== undefined) {
    where.push('operation = ?')
    values.push(range.operation)
  }
  if (range.kinds !== undefined) {
    // Said in the index's own words, or SQLite does not use it (SQLite manual, partial indexes).
    if (range.kinds.every((kind) => HEADLINE_KINDS.has(kind))) where.push(`kind in (${HEADLINES_SQL})`)
    where.push(`kind in (${range.kinds.map(() => '?').join(', ')})`)
    values.push(...range.kinds)
  }
  const order = range.newestFirst === true ? 'desc' : 'asc'
  const limit = Math.min(range.limit ?? DEFAULT_LIMIT, MAX_LIMIT)
  const sql = `select seq, at, token, operation, actor, fact, previous, hash from entries where ${where.join(' and ')} order by seq ${order} limit ${limit}`
  return database
    .prepare(sql)
    .all(...values)
    .map(toEntry)
}

function toEntry(row: Record<string, unknown>): Entry {
  return {
    seq: Number(row.seq),
    at: String(row.at),
    token: Number(row.token),
    operation: row.operation === null ? null : (String(row.operation) as OperationId),
    actor: String(row.actor),
    fact: JSON.parse(String(row.fact)) as Fact,
    previous: String(row.previous),
    hash: String(row.hash),
  }
}
