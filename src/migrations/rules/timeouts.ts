import { LOCK_MODES } from '../../domain/lock-mode.ts'
import type { Applied } from '../replay/changes.ts'
import type { Tag } from '../sql/node.ts'
import type { RuleContext } from './define-rule.ts'

const STRONG = LOCK_MODES.indexOf('Share')

/** Takes a lock that writers wait for, on something that was there before. */
export function locksTraffic({ locks }: Applied, { existed }: RuleContext): boolean {
  for (const [oid, mode] of locks) if (LOCK_MODES.indexOf(mode) >= STRONG && existed(oid)) return true
  return false
}

/** Waits for nothing that a timeout could end, or is none. */
const NO_DDL: ReadonlySet<Tag> = new Set<Tag>([
  'SelectStmt',
  'InsertStmt',
  'UpdateStmt',
  'DeleteStmt',
  'MergeStmt',
  'CopyStmt',
  'VariableSetStmt',
  'VariableShowStmt',
  'TransactionStmt',
  'DoStmt',
  'ExplainStmt',
  'NotifyStmt',
  'CallStmt',
])

export function isDdl({ statement }: Applied): boolean {
  return !NO_DDL.has(statement.tag)
}

/** The first statement of each file for which that holds. */
export function firstOfEachFile(applied: readonly Applied[], holds: (one: Applied) => boolean): readonly Applied[] {
  const seen = new Set<number>()
  return applied.filter((one) => {
    if (seen.has(one.statement.file) || !holds(one)) return false
    seen.add(one.statement.file)
    return true
  })
}

const UNITS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1_000, min: 60_000, h: 3_600_000, d: 86_400_000 }

/** Milliseconds of a timeout as PostgreSQL reads it; null when it is none. */
export function timeoutMs(text: string): number | null {
  const [, number, unit] = /^\s*(\d+(?:\.\d+)?)\s*(us|ms|s|min|h|d)?\s*$/.exec(text) ?? []
  return number === undefined ? null : Number(number) * (UNITS[unit ?? 'ms'] ?? 1)
}
