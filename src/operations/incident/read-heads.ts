import { type OperationState, stuckAt } from '../../domain/history/operation.ts'
import type { OperationId } from '../../domain/ids.ts'
import type { OperationHead } from '../../domain/incident/scope.ts'
import type { Entry, Outcome } from '../../domain/journal.ts'
import type { Journal } from '../../ports/journal.ts'

/** How far back an incident, or its beginning, is looked for. */
export const LOOK_BACK = 2_000
/** Entries of the first page: what most reports need. Each further one is twice as long, up to the last number. */
const PAGES = { first: 32, longest: 512 }

/** The operation that has not ended. */
export interface OpenOperation {
  readonly state: OperationState
  /** Nobody works on it any more. */
  readonly isAbandoned: boolean
}

export interface Heads {
  /** Newest first. */
  readonly heads: readonly OperationHead[]
  readonly unfrozenSeqs: readonly number[]
  /** The journal goes on before the oldest of them. */
  readonly hasMore: boolean
}

/**
 * First and last entries of operations, newest first, in pages from the journal's index of them, until `isEnough`: a long journal costs what is
 * asked of it. `before`: entries with a smaller number only.
 */
export async function readHeads(
  journal: Journal,
  { before, open }: { readonly before: number; readonly open: OpenOperation | null },
  isEnough: (found: Heads) => boolean,
): Promise<Heads> {
  const outcomes = new Map<OperationId, Outcome>()
  const heads: OperationHead[] = []
  const unfrozenSeqs: number[] = []
  let next = before
  for (let limit = PAGES.first; ; limit = Math.min(limit * 2, PAGES.longest)) {
    const page = await journal.read({
      newestFirst: true,
      before: next,
      limit,
      kinds: ['operation-started', 'operation-finished', 'unfrozen'],
    })
    for (const entry of page) {
      const { operation, fact, seq } = entry
      next = seq
      if (fact.kind === 'unfrozen') unfrozenSeqs.push(seq)
      if (fact.kind === 'operation-finished' && operation !== null) outcomes.set(operation, fact.outcome)
      if (fact.kind === 'operation-started') heads.push(headOf(entry, fact.plan, outcomes, open))
    }
    const found = { heads, unfrozenSeqs, hasMore: page.length === limit }
    if (!found.hasMore || heads.length >= LOOK_BACK || isEnough(found)) return found
  }
}

function headOf(
  { seq, at }: Entry,
  { operation, kind, target, from }: Pick<OperationHead, 'operation' | 'kind' | 'target' | 'from'>,
  outcomes: ReadonlyMap<OperationId, Outcome>,
  open: OpenOperation | null,
): OperationHead {
  const outcome = outcomes.get(operation) ?? (open?.state.plan.operation === operation ? openOutcome(open) : 'open')
  return { operation, kind, target, from, seq, startedAt: at, outcome }
}

/** Whoever goes back, could not, or died has something to tell; an operation that merely runs has not. */
function openOutcome({ state, isAbandoned }: OpenOperation): OperationHead['outcome'] {
  if (stuckAt(state) !== null) return 'stuck'
  const isFailing = state.unwinding !== null || Object.values(state.steps).some(({ is }) => is === 'failed')
  return isFailing || isAbandoned ? 'troubled' : 'open'
}
