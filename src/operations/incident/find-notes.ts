import { momentOf } from '../../domain/incident/moments.ts'
import type { IncidentOperation, Moment } from '../../domain/incident/report.ts'
import { type Entry, HEADLINES } from '../../domain/journal.ts'
import type { Journal } from '../../ports/journal.ts'
import type { IncidentWindow } from './choose-window.ts'

const MAX_NOTES = 500
/** Somebody agrees to an override before its operation begins, and not long before. */
const MAX_APPROVALS = 100
const NOTES = HEADLINES.filter((kind) => !kind.startsWith('operation-'))

export interface Notes {
  /** What people did beside operations, oldest first. */
  readonly notes: readonly Moment[]
  /** The last time that deploys were allowed again. */
  readonly unfrozen: Moment | null
}

export async function findNotes(
  journal: Journal,
  { firstSeq, lastSeq }: IncidentWindow,
  operations: readonly IncidentOperation[],
): Promise<Notes> {
  const range = { after: firstSeq - 1, before: lastSeq + 1 }
  const entries = await journal.read({ ...range, limit: MAX_NOTES, kinds: NOTES })
  const [unfrozen] = await journal.read({ ...range, newestFirst: true, limit: 1, kinds: ['unfrozen'] })
  const agreed = await approvalsBefore(journal, firstSeq, operations)
  return {
    notes: [...agreed, ...entries].flatMap((entry) => momentOf(entry) ?? []),
    unfrozen: unfrozen === undefined ? null : momentOf(unfrozen),
  }
}

/** Who was asked about the overrides of these operations, and who agreed. Oldest first. */
async function approvalsBefore(
  journal: Journal,
  before: number,
  operations: readonly IncidentOperation[],
): Promise<readonly Entry[]> {
  const keys = operations.flatMap(({ override }) => override?.key ?? [])
  if (keys.length === 0) return []
  const kinds = ['override-asked', 'override-approved']
  const entries = await journal.read({ newestFirst: true, before, limit: MAX_APPROVALS, kinds })
  return entries.toReversed().filter(({ fact }) => {
    if (fact.kind === 'override-asked') return keys.includes(fact.request.key)
    return fact.kind === 'override-approved' && keys.includes(fact.key)
  })
}
