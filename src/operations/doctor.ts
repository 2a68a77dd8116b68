import type { OperationState } from '../domain/history/operation.ts'
import type { EnvironmentRecord } from '../domain/history/record.ts'
import { refuseWhileOpen } from '../domain/plan/guards.ts'
import { type Drift, findDrift } from './drift.ts'
import type { Environment, RunOptions } from './environment.ts'
import { observe } from './observe.ts'
import { refuseAnotherPast } from './same-past.ts'
import { takeFenceUnder } from './take-fence.ts'
import { withLease } from './with-lease.ts'

export interface DoctorReport {
  readonly drift: readonly Drift[]
  /** What was mended just now; empty without `repair`. */
  readonly repaired: readonly Drift[]
}

/** Shows every difference between journal, edge and runtime. Changes nothing. */
export async function examine(environment: Environment): Promise<DoctorReport> {
  const { record, view } = await observe(environment)
  // What differs while an operation is open is its own business, and that it is open is what a person should know first.
  if (record.open !== null) return { drift: [unfinished(record.open)], repaired: [] }
  return { drift: findDrift(record, view, await environment.runtime.list()), repaired: [] }
}

/** Mends what can be mended without deciding anything: which color is live is never guessed. */
export function repair(environment: Environment, options: RunOptions = {}): Promise<DoctorReport> {
  return withLease(environment, 'doctor --repair', options, async ({ lease }) => {
    const { record, view } = await observe(environment)
    await refuseAnotherPast(environment, view.anchor)
    refuseWhileOpen(record)
    const before = findDrift(record, view, await environment.runtime.list())
    const repaired = before.filter((one) => one.repair === 'safe')
    // Which color is live is disputed: then nothing that depends on it is touched.
    if (repaired.length === 0 || before.some(({ code }) => code === 'live-differs' || code === 'anchor-foreign'))
      return { drift: before, repaired: [] }
    // Taking the next generation writes the state file from what the edge's memory serves.
    const generation = await takeFenceUnder(environment, lease)
    await mendNames(environment, record, repaired, generation)
    await mendActiveColor(environment, record, repaired, generation)
    const { journal, actor } = environment
    await journal.append(
      lease.token,
      repaired.map(({ message }) => ({ operation: null, actor, fact: { kind: 'drift-repaired', what: message } })),
    )
    const after = await observe(environment)
    return { drift: findDrift(after.record, after.view, await environment.runtime.list()), repaired }
  })
}

async function mendNames(
  { edge }: Environment,
  record: EnvironmentRecord,
  repaired: readonly Drift[],
  fencedBy: number,
): Promise<void> {
  if (!repaired.some(({ code }) => code === 'name-differs')) return
  for (const color of ['blue', 'green'] as const) await edge.name({ color, sha: record.colors[color].sha, fencedBy })
}

async function mendActiveColor(
  { edge, clock }: Environment,
  { live }: EnvironmentRecord,
  repaired: readonly Drift[],
  fencedBy: number,
): Promise<void> {
  if (live === null || !repaired.some(({ code }) => code === 'active-color-differs')) return
  await edge.record({ at: clock.now(), color: live.color, sha: live.sha, operation: live.operation, fencedBy })
}

function unfinished({ plan: { kind, operation } }: OperationState): Drift {
  return {
    code: 'operation-open',
    message: `the ${kind} ${operation} is unfinished`,
    repair: 'person',
    next: 'backflip status   (whether it runs; if not: backflip resume, or backflip abort)',
  }
}
