import type { BackflipError } from '../domain/errors.ts'
import type { OperationState } from '../domain/history/operation.ts'
import type { EnvironmentRecord } from '../domain/history/record.ts'
import { refuseWhileOpen } from '../domain/plan/guards.ts'
import type { EdgeView } from '../ports/edge.ts'
import type { ListedInstance } from '../ports/runtime.ts'
import { type Drift, findDrift } from './drift.ts'
import type { Environment, RunOptions } from './environment.ts'
import { findShortcomings, type Shortcomings, type Unanswered } from './find-shortcomings.ts'
import { isUnseen, look, type Unseen } from './look.ts'
import { observe } from './observe.ts'
import { loadRecord } from './record.ts'
import { anotherPast, refuseAnotherPast } from './same-past.ts'
import { startEdgeHint } from './start-edge-hint.ts'
import { takeFenceUnder } from './take-fence.ts'
import { withLease } from './with-lease.ts'

/** What the ports promise for one look, with a little more. */
const LOOK_MS = 3_000

export interface RepairReport {
  readonly drift: readonly Drift[]
  /** What was mended just now. */
  readonly repaired: readonly Drift[]
}

export interface Examination extends Shortcomings {
  readonly drift: readonly Drift[]
}

/** Every difference between journal, edge and runtime, and what operations will run into. Changes nothing; bounded, and what was not seen is said. */
export async function examine(environment: Environment): Promise<Examination> {
  const { journal, edge, runtime } = environment
  const [record, view, instances, { shortcomings, unanswered }] = await Promise.all([
    loadRecord(journal),
    look(environment, edge.read(), LOOK_MS),
    look(environment, runtime.list(), LOOK_MS),
    findShortcomings(environment),
  ])
  const past = isUnseen(view) ? null : await anotherPast(environment, view.anchor)
  const silent = [...unseenAt('edge', view), ...unseenAt('instances', instances), ...unanswered]
  return {
    // A journal that was cut is nothing to compare the world with: what differs from it may be right.
    drift: past === null ? differences(environment, record, view, instances) : [differs(past)],
    shortcomings,
    unanswered: silent.filter(({ where }, index) => silent.findIndex((one) => one.where === where) === index),
  }
}

/** What differs while an operation is open is its own business, and that it is open is what a person should know first. */
function differences(
  { settings }: Environment,
  record: EnvironmentRecord,
  view: EdgeView | Unseen,
  instances: readonly ListedInstance[] | Unseen,
): readonly Drift[] {
  if (record.open !== null) return [unfinished(record.open)]
  return findDrift(
    record,
    isUnseen(view) ? null : view,
    isUnseen(instances) ? null : instances,
    startEdgeHint(settings),
  )
}

function unseenAt(where: string, seen: object): readonly Unanswered[] {
  return isUnseen(seen) ? [{ where, error: seen.unseen }] : []
}

/** Mends what can be mended without deciding anything: which color is live is never guessed. */
export function repair(environment: Environment, options: RunOptions = {}): Promise<RepairReport> {
  return withLease(environment, 'doctor --repair', options, async ({ lease }) => {
    const { record, view } = await observe(environment)
    await refuseAnotherPast(environment, view.anchor)
    refuseWhileOpen(record)
    const before = findDrift(record, view, await environment.runtime.list(), startEdgeHint(environment.settings))
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
    return {
      drift: findDrift(after.record, after.view, await environment.runtime.list(), startEdgeHint(environment.settings)),
      repaired,
    }
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

function differs({ message, details, hint }: BackflipError): Drift {
  return {
    code: 'journal-differs',
    message: [message, ...details.slice(0, 1)].join(': '),
    repair: 'person',
    ...(hint === undefined ? {} : { next: hint }),
  }
}

function unfinished({ plan: { kind, operation } }: OperationState): Drift {
  return {
    code: 'operation-open',
    message: `the ${kind} ${operation} is unfinished`,
    repair: 'person',
    next: 'backflip status   (whether it runs; if not: backflip resume, or backflip abort)',
  }
}
