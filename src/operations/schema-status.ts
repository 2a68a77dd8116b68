import { type OverrideRecord, openOverrides } from '../domain/compatibility/override.ts'
import { type ReleaseVerdict, verdictOf } from '../domain/compatibility/verdict.ts'
import { rollbackFloor, rollbackWindow } from '../domain/compatibility/window.ts'
import type { ApprovalRecord, EnvironmentRecord } from '../domain/history/record.ts'
import type { Sha } from '../domain/ids.ts'

/** What the journal says of the schema: nothing is judged here, so it costs nothing. */
export interface SchemaStatus {
  /** The release that migrated last; null when nobody knows. */
  readonly sha: Sha | null
  readonly at: string
  /** A migration did not end well: the schema is somewhere between that release's and the one of `sha`. */
  readonly between: Sha | null
  /** Of the rollback window, newest first. */
  readonly releases: readonly ReleaseVerdict[]
  /** The oldest that fits with none after it that does not; for people. */
  readonly floor: Sha | null
  readonly overrides: readonly OverrideRecord[]
  /** What waits for a second person. */
  readonly approvals: readonly ApprovalRecord[]
}

/** Null where no migration ran since this is kept track of. `today`: `2026-11-25`. */
export function schemaStatus(record: EnvironmentRecord, today: string): SchemaStatus | null {
  const { now, next } = record.schema
  const approvals = record.approvals.filter(({ approvedBy }) => approvedBy === null)
  const state = now ?? next
  if (state === null && approvals.length === 0) return null
  const window = rollbackWindow(record)
  return {
    sha: now?.sha ?? null,
    at: state?.at ?? record.approvals[0]?.askedAt ?? '',
    between: next?.sha ?? null,
    releases: window.map(
      (sha) => verdictOf(record, sha) ?? { sha, verdict: 'unknown', because: 'it was not judged', breaks: [] },
    ),
    floor: rollbackFloor(record),
    overrides: openOverrides(record, window, today),
    approvals,
  }
}
