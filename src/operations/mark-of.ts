import { refusal } from '../domain/errors.ts'
import type { DataServiceName, OperationId } from '../domain/ids.ts'
import type { Json } from '../domain/json.ts'
import type { DatabaseMark } from '../ports/database.ts'
import type { Journal } from '../ports/journal.ts'

/** Steps of one operation that ended, at most: an operation has a few dozen. */
const MAX_ENDED = 500
/** Of all operations, newest first: some hundred of them. */
const MAX_LOOKED = 10_000

/** Where a database stood when that step of that operation marked it. The last mark counts: a step that was repeated made two. */
export async function markOf(
  journal: Journal,
  { operation, step }: { readonly operation: string; readonly step: string },
  service: DataServiceName,
): Promise<DatabaseMark> {
  const ended = await journal.read({
    operation: operation as OperationId,
    kinds: ['step-succeeded'],
    newestFirst: true,
    limit: MAX_ENDED,
  })
  for (const { fact } of ended) {
    if (fact.kind !== 'step-succeeded' || fact.step !== step) continue
    const mark = marksOf(fact.output)[service]
    if (mark !== undefined) return mark
  }
  throw refusal(`the journal does not say where ${service} stood in the operation ${operation}`, {
    code: 'no-mark',
    details: ['so nobody can count what would be lost, or prove that a copy is the one it should be'],
    hint: 'backflip snapshots list',
  })
}

/** See `StepPorts.lastTimeline`. Numbers do not only rise: the undo of a restore goes back to a smaller one. */
export async function lastTimeline(journal: Journal, service: DataServiceName): Promise<number> {
  const ended = await journal.read({ kinds: ['step-succeeded'], newestFirst: true, limit: MAX_LOOKED })
  const timelines = ended.map(({ fact }) =>
    fact.kind === 'step-succeeded' ? marksOf(fact.output)[service] : undefined,
  )
  return Math.max(1, ...timelines.map((mark) => mark?.facts.timeline ?? 1))
}

/** None in the outputs of other steps. */
function marksOf(output: Json): { readonly [service: string]: DatabaseMark } {
  return (output as { readonly marks?: { readonly [service: string]: DatabaseMark } } | null)?.marks ?? {}
}
