import type { RecordedStatement } from '../../../domain/compatibility/usage.ts'
import { tagOf } from '../../../migrations/sql/node.ts'
import type { SqlParser } from '../../../migrations/sql/parser.ts'
import { queryTree } from '../../../migrations/usage/query-tree.ts'
import type { SqlFailure, Tried, TriedAsk } from '../../../ports/shadow.ts'
import type { BrokenQuery } from './report.ts'

/** One statement before and after. */
export type Outcome =
  | { readonly kind: 'broken'; readonly failure: SqlFailure; readonly isGenerated: boolean }
  /** `isProved`: run with parameters that were recorded, or with none. */
  | { readonly kind: 'works'; readonly isProved: boolean }
  | { readonly kind: 'not-run'; readonly why: string }
  | { readonly kind: 'not-judged'; readonly failure: SqlFailure }

/** Of one statement, from all releases that ask it. */
const MAX_SAMPLES = 12

/** What PREPARE takes. */
const PREPARABLE = ['SelectStmt', 'InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt']

/** The same statement of several releases is tried once; COPY, TRUNCATE, LOCK and cursors are not. */
export function toTries(parser: SqlParser, statements: readonly RecordedStatement[]): readonly TriedAsk[] {
  const found = new Map<string, TriedAsk>()
  for (const { text, parameterTypes, samples } of statements) {
    const tree = queryTree(parser, text)
    if (tree === null || !PREPARABLE.includes(tagOf(tree))) continue
    const id = tryId({ text, parameterTypes })
    const known = found.get(id)
    found.set(id, { id, text, parameterTypes, samples: [...(known?.samples ?? []), ...samples].slice(0, MAX_SAMPLES) })
  }
  return [...found.values()]
}

export function tryId({ text, parameterTypes }: Pick<RecordedStatement, 'text' | 'parameterTypes'>): string {
  return `${parameterTypes.join(',')} ${text}`
}

/** What the change did to a statement. One that failed before in the same way is not judged. */
export function compareTries(before: Tried, after: Tried): Outcome {
  if (before.preparing !== null) return { kind: 'not-judged', failure: before.preparing }
  if (after.preparing !== null) return { kind: 'broken', failure: after.preparing, isGenerated: false }
  if (before.notRun !== null || after.notRun !== null)
    return { kind: 'not-run', why: before.notRun ?? after.notRun ?? '' }
  const ran = before.runs.flatMap(({ failure }, index) =>
    failure === null ? [after.runs[index]?.failure ?? null] : [],
  )
  const failed = ran.filter((failure) => failure !== null)
  const [failure] = failed
  // A made-up row may meet another one by chance; recorded parameters were somebody's.
  const isBroken = after.isGenerated ? failed.length === ran.length : failed.length > 0
  if (failure !== undefined && isBroken) return { kind: 'broken', failure, isGenerated: after.isGenerated }
  if (ran.length > 0) return { kind: 'works', isProved: !after.isGenerated && ran.length === before.runs.length }
  const [first] = before.runs
  const said = first?.failure == null ? 'no parameters' : `${first.failure.sqlstate} ${first.failure.message}`
  return { kind: 'not-run', why: `${before.isGenerated ? 'made-up' : 'recorded'} parameters do not fit here: ${said}` }
}

export function toBroken(text: string, { sqlstate, message }: SqlFailure, isGenerated = false): BrokenQuery {
  return { text, sqlstate, message, isGenerated }
}
