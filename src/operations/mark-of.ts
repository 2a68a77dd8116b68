import { refusal } from '../domain/errors.ts'
import type { DataServiceName, OperationId } from '../domain/ids.ts'
import type { DatabaseMark } from '../ports/database.ts'
import type { Journal } from '../ports/journal.ts'

/** Steps of one operation that ended, at most: an operation has a few dozen. */
const MAX_ENDED = 500

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
    const { marks } = fact.output as unknown as { readonly marks: { readonly [service: string]: DatabaseMark } }
    const mark = marks[service]
    if (mark !== undefined) return mark
  }
  throw refusal(`the journal does not say where ${service} stood in the operation ${operation}`, {
    code: 'no-mark',
    details: ['so nobody can count what would be lost, or prove that a copy is the one it should be'],
    hint: 'backflip snapshots list',
  })
}
