import { refusal } from '../domain/errors.ts'
import { summarize } from '../domain/history/fold.ts'
import { foldOperation, type OperationState } from '../domain/history/operation.ts'
import type { OperationSummary } from '../domain/history/record.ts'
import type { OperationId } from '../domain/ids.ts'
import { type Entry, HEADLINES } from '../domain/journal.ts'
import type { Journal } from '../ports/journal.ts'

/** One line of the history: an operation, or something else that a person did. */
export type HistoryLine =
  | {
      readonly seq: number
      readonly line: 'operation'
      readonly startedAt: string
      readonly actor: string
      readonly plan: OperationState['plan']
      readonly finished: OperationState['finished']
    }
  | {
      readonly seq: number
      readonly line: 'note'
      readonly at: string
      readonly actor: string
      readonly kind: string
      readonly text: string
    }

/** Newest first; `before` is the `seq` of the last line of the page before. */
export async function history(
  journal: Journal,
  ask: { readonly limit: number; readonly before?: number },
): Promise<readonly HistoryLine[]> {
  const entries = await journal.read({
    newestFirst: true,
    // An operation has two headlines.
    limit: Math.min(ask.limit * 2 + 2, 10_000),
    kinds: HEADLINES,
    ...(ask.before === undefined ? {} : { before: ask.before }),
  })
  const finished = new Map(
    entries.filter(({ fact }) => fact.kind === 'operation-finished').map((entry) => [entry.operation, entry]),
  )
  return entries.flatMap((entry) => toLine(entry, finished)).slice(0, ask.limit)
}

function toLine(entry: Entry, finished: ReadonlyMap<OperationId | null, Entry>): readonly HistoryLine[] {
  const { seq, at, actor, fact } = entry
  switch (fact.kind) {
    case 'operation-started': {
      const end = finished.get(entry.operation)
      const started = foldOperation(null, entry)
      const state = end === undefined ? started : foldOperation(started, end)
      return state === null
        ? []
        : [{ seq, line: 'operation', startedAt: at, actor, plan: state.plan, finished: state.finished }]
    }
    case 'frozen':
    case 'unfrozen':
    case 'lease-broken':
    case 'journal-adopted':
      return [{ seq, line: 'note', at, actor, kind: fact.kind, text: fact.reason }]
    case 'marked-good':
      return [{ seq, line: 'note', at, actor, kind: fact.kind, text: `${fact.sha}: ${fact.reason}` }]
    case 'override-asked': {
      const { kind, target, override } = fact.request
      const text = `${kind} of ${target}, ${override.rules.join(', ')}: ${override.reason}`
      return [{ seq, line: 'note', at, actor, kind: fact.kind, text }]
    }
    case 'override-approved':
      return [{ seq, line: 'note', at, actor, kind: fact.kind, text: fact.key.slice(0, 12) }]
    case 'drift-repaired':
      return [{ seq, line: 'note', at, actor, kind: fact.kind, text: fact.what }]
    case 'snapshot-verified': {
      const text = `${fact.service} ${fact.snapshot}: ${fact.isVerified ? 'verified' : 'NOT WHOLE'}`
      return [{ seq, line: 'note', at, actor, kind: fact.kind, text }]
    }
    case 'prune-ordered': {
      const names = [...fact.snapshots.map(({ snapshot }) => snapshot), ...fact.kept.map(({ keptAs }) => keptAs)]
      return [{ seq, line: 'note', at, actor, kind: fact.kind, text: names.join(', ') }]
    }
    default:
      return []
  }
}

export interface OperationDetail {
  readonly state: OperationState
  /** Null while it is open. */
  readonly summary: OperationSummary | null
  /** All of them, oldest first. */
  readonly entries: readonly Entry[]
}

/** One operation with every entry of it. Error `no-such-operation` (kind `refused`). */
export async function operationDetail(journal: Journal, operation: OperationId): Promise<OperationDetail> {
  const entries = await journal.read({ operation, limit: 10_000 })
  const state = entries.reduce<OperationState | null>((before, entry) => foldOperation(before, entry), null)
  if (state === null)
    throw refusal(`there is no operation ${operation}`, { code: 'no-such-operation', hint: 'backflip history' })
  return { state, summary: summarize(state), entries }
}
