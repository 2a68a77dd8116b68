import type { EnvironmentRecord, SchemaState } from '../history/record.ts'
import { type Sha, short } from '../ids.ts'

/** One statement that a release does not survive. */
export interface Break {
  readonly rule: string
  /** Name of the migration, as its runner records it. */
  readonly migration: string
  /** From 1. */
  readonly line: number
  /** Its text, on one line, cut. */
  readonly statement: string
  readonly message: string
  /** What statements of the release get. */
  readonly sqlstate: string | null
  /** Path of the SQL for the way back that the migration's own release carries, when it gives the old shape back; null without one that does. */
  readonly inverse: string | null
  /** What no SQL brings back. */
  readonly lost: readonly string[]
}

/**
 * Whether a release works on a schema. Judged for each release by itself: an older one may fit where a newer one does not.
 * - `unknown` nobody could judge it; `because` says why
 */
export interface ReleaseVerdict {
  readonly sha: Sha
  readonly verdict: 'compatible' | 'incompatible' | 'unknown'
  readonly because: string
  readonly breaks: readonly Break[]
}

/** Bounds of what is journalled: further ones are counted in `because`. */
export const MAX_BREAKS = 5

/** What the journal says of a release on today's schema; null when it was not judged. While nobody knows how far a migration came, the worse counts. */
export function verdictOf({ schema }: Pick<EnvironmentRecord, 'schema'>, sha: Sha): ReleaseVerdict | null {
  const now = verdictIn(schema.now, sha)
  if (schema.next === null) return now
  const next = verdictIn(schema.next, sha)
  if (now?.verdict === 'incompatible') return now
  return next?.verdict === 'compatible' && now !== null ? now : next
}

function verdictIn(state: SchemaState | null, sha: Sha): ReleaseVerdict | null {
  return state?.verdicts.find((one) => one.sha === sha) ?? null
}

/** Why nobody goes back to it; null when that is not what stands in the way. */
export function whyIncompatible(record: Pick<EnvironmentRecord, 'schema'>, sha: Sha): string | null {
  const found = verdictOf(record, sha)
  if (found?.verdict !== 'incompatible') return null
  return `${short(sha)} does not fit today's schema: ${found.because}`
}

/** One line for each statement that a release does not survive, and below it what leads back. */
export function breakLines({ breaks }: ReleaseVerdict): readonly string[] {
  return breaks.flatMap(({ rule, migration, line, statement, message, sqlstate, inverse, lost }) => [
    `${migration}, line ${line}: ${statement}`,
    `  ${rule}: ${message}${sqlstate === null ? '' : ` (${sqlstate})`}`,
    inverse === null
      ? '  there is no inverse that was verified'
      : `  verified inverse: ${inverse}${lost.length === 0 ? '' : `; the shape only: ${lost.join('; ')}`}`,
  ])
}
