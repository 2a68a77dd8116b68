import { foldOperation, type OperationState, stepState, stuckAt } from '../history/operation.ts'
import type { Effect, Entry } from '../journal.ts'
import type { Json } from '../json.ts'
import type { Phase } from '../phase.ts'
import type { ReplaceParams } from '../plan/params.ts'
import { momentsOf } from './moments.ts'
import type { IncidentOperation, MaintenanceMove, TrafficMove } from './report.ts'

/** One operation from all of its entries, oldest first; null when its beginning is not among them. */
export function tellOperation(entries: readonly Entry[]): IncidentOperation | null {
  const state = entries.reduce<OperationState | null>((before, entry) => foldOperation(before, entry), null)
  if (state === null) return null
  const { plan, finished } = state
  const happened = entries.flatMap(effectsOf)
  const end = entries.findLast(({ fact }) => fact.kind === 'operation-finished')?.fact
  return {
    operation: plan.operation,
    kind: plan.kind,
    mode: plan.mode,
    actor: state.actor,
    reason: plan.reason,
    target: plan.target,
    from: plan.from,
    because: plan.because,
    consumes: plan.consumes,
    override: plan.override ?? null,
    startedAt: state.startedAt,
    finishedAt: finished?.at ?? null,
    outcome: finished?.outcome ?? 'open',
    error: finished?.error ?? state.unwinding?.because ?? lastError(entries),
    failedIn: state.unwinding?.phase ?? failedIn(state, entries),
    stuck: finished === null ? stuckAt(state) : null,
    seenMs: finished?.seenMs ?? null,
    tookMs: end?.kind === 'operation-finished' ? end.tookMs : null,
    phasesMs: phasesMs(state, entries),
    traffic: happened.flatMap(trafficMove),
    maintenance: happened.flatMap(maintenanceMove),
    answers: answersOf(state),
    ...dataOf(state, happened),
    moments: momentsOf(state, entries),
  }
}

interface Happened {
  readonly effect: Effect
  readonly entry: Entry
  readonly isUndo: boolean
}

function effectsOf(entry: Entry): readonly Happened[] {
  const { fact } = entry
  if (fact.kind !== 'step-succeeded' && fact.kind !== 'undo-finished') return []
  return fact.effects.map((effect) => ({ effect, entry, isUndo: fact.kind === 'undo-finished' }))
}

function trafficMove({ effect, entry, isUndo }: Happened): readonly TrafficMove[] {
  const { seq, at, operation } = entry
  if (effect.effect !== 'live' || operation === null) return []
  return [{ seq, at, operation, color: effect.color, sha: effect.sha, isUndo }]
}

function maintenanceMove({ effect, entry: { at, operation } }: Happened): readonly MaintenanceMove[] {
  return effect.effect !== 'maintenance' || operation === null ? [] : [{ at, operation, on: effect.on }]
}

/** What failed last and was not mended by a later attempt; null when all went well. */
function lastError(entries: readonly Entry[]): IncidentOperation['error'] {
  const failed = entries.findLast(({ fact }) => fact.kind === 'step-failed')
  if (failed?.fact.kind !== 'step-failed') return null
  const { step, error } = failed.fact
  const mended = entries.some(
    ({ seq, fact }) => seq > failed.seq && fact.kind === 'step-succeeded' && fact.step === step,
  )
  return mended ? null : error
}

/** Past its pivot an operation does not unwind: the phase of the step that failed last. */
function failedIn({ plan, finished }: OperationState, entries: readonly Entry[]): Phase | null {
  if (finished?.outcome === 'done') return null
  const failed = entries.findLast(({ fact }) => fact.kind === 'step-failed')?.fact
  if (failed?.kind !== 'step-failed') return null
  return plan.steps.find(({ id }) => id === failed.step)?.phase ?? null
}

function phasesMs({ plan }: OperationState, entries: readonly Entry[]): IncidentOperation['phasesMs'] {
  const times: { [phase in Phase]?: number } = {}
  for (const { fact } of entries) {
    if (fact.kind !== 'step-succeeded' && fact.kind !== 'step-failed') continue
    const phase = plan.steps.find(({ id }) => id === fact.step)?.phase
    if (phase !== undefined) times[phase] = (times[phase] ?? 0) + fact.tookMs
  }
  return times
}

function answersOf(state: OperationState): IncidentOperation['answers'] {
  const baked = outputOf(state, 'bake-release') as
    | { readonly requests: number; readonly serverErrors: number }
    | undefined
  return baked === undefined ? null : { requests: baked.requests, serverErrors: baked.serverErrors }
}

type Data = Pick<IncidentOperation, 'snapshots' | 'replaced' | 'lost' | 'exported' | 'tookBack'>

/** What was undone is not told as done: its step has no output any more, and what was put back is taken out. */
function dataOf(state: OperationState, happened: readonly Happened[]): Data {
  const effects = happened.map(({ effect }) => effect)
  const putBack = effects.flatMap((one) => (one.effect === 'data-put-back' ? [one] : []))
  const counted = outputOf(state, 'count-lost') as { readonly transactions: number } | undefined
  const exported = outputOf(state, 'export-lost') as { readonly files: Data['exported'] } | undefined
  const wanted = state.plan.steps.find(({ id }) => id === 'swap-data')?.params as ReplaceParams | undefined
  const replaced = effects
    .flatMap((one) => (one.effect === 'data-replaced' ? [one] : []))
    .filter(({ service, keptAs }) => !putBack.some((one) => one.service === service && one.keptAs === keptAs))
  return {
    snapshots: effects.flatMap((one) =>
      one.effect === 'snapshot-taken' ? [{ service: one.service, snapshot: one.snapshot }] : [],
    ),
    replaced: replaced.map(({ service, from, keptAs }) => ({
      service,
      snapshot: wanted?.services.find((one) => one.service === service)?.snapshot ?? null,
      from,
      keptAs,
    })),
    lost: replaced.length === 0 ? null : (counted?.transactions ?? null),
    exported: exported?.files ?? [],
    tookBack: effects.flatMap((one) => (one.effect === 'sql-run' && one.inverseOf !== null ? [one.inverseOf] : [])),
  }
}

function outputOf(state: OperationState, id: string): Json | undefined {
  const step = stepState(state, id)
  return step.is === 'succeeded' ? step.output : undefined
}
