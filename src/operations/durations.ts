import type { Entry } from '../domain/journal.ts'
import type { Journal } from '../ports/journal.ts'

/** How many finished operations are looked through for one that tells how long a way back takes. */
const LOOK_BACK = 40

/** How long the last fast rollback and the last full one (or deploy, which does the same work) took; null when there was none. */
export async function lastDurations(
  journal: Journal,
): Promise<{ readonly fastMs: number | null; readonly fullMs: number | null }> {
  const newest = await journal.read({
    newestFirst: true,
    limit: LOOK_BACK * 2,
    kinds: ['operation-started', 'operation-finished'],
  })
  return { fastMs: last(newest, 'fast'), fullMs: last(newest, 'full') }
}

function last(newest: readonly Entry[], mode: 'fast' | 'full'): number | null {
  for (const { fact, operation } of newest) {
    if (fact.kind !== 'operation-finished' || fact.outcome !== 'done') continue
    const started = newest.find((one) => one.operation === operation && one.fact.kind === 'operation-started')
    if (started?.fact.kind !== 'operation-started') continue
    const { plan } = started.fact
    if (plan.mode === mode || (mode === 'full' && plan.kind === 'deploy')) return fact.tookMs
  }
  return null
}
