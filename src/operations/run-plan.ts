import { BackflipError, toErrorRecord } from '../domain/errors.ts'
import { foldOperation, type OperationState, stepState } from '../domain/history/operation.ts'
import { servicesIn } from '../domain/history/services-touched.ts'
import { isAtOrAfter } from '../domain/phase.ts'
import {
  assertConsumesNoMore,
  assertStillTrue,
  assumptions,
  refuseWhileFrozen,
  refuseWhileOpen,
} from '../domain/plan/guards.ts'
import type { Plan } from '../domain/plan/plan.ts'
import { isLost, type Listener, type OperationRun } from '../engine/operation-run.ts'
import { type OperationEnd, runOperation } from '../engine/run.ts'
import type { StepPorts } from '../steps/ports.ts'
import { stepsById } from '../steps/registry.ts'
import { type Environment, type RunOptions, SILENT } from './environment.ts'
import { lastTimeline, markOf } from './mark-of.ts'
import { anchorOf, observe, runningState } from './observe.ts'
import { assertSealed } from './plan-hash.ts'
import { refuseAnotherPast } from './same-past.ts'
import { type FlipFence, takeFence, takeFlipFence } from './take-fence.ts'
import { type Leased, withLease } from './with-lease.ts'

/**
 * Runs a plan that was made, shown and approved: takes the lease, looks whether what the plan assumed still holds, fences the edge,
 * writes the plan as the operation's first entry, and hands over to the engine.
 */
export async function runPlan(environment: Environment, plan: Plan, options: RunOptions = {}): Promise<OperationEnd> {
  assertSealed(plan)
  return withLease(environment, describe(plan), options, async (leased) => {
    const { record, view } = await observe(environment)
    await refuseAnotherPast(environment, view.anchor)
    refuseWhileOpen(record)
    assertStillTrue(plan.assumes, assumptions({ record, edge: runningState(view, environment.settings) }))
    assertConsumesNoMore(plan, record)
    // A freeze came while this one was being approved, or waited for its turn.
    if (plan.kind === 'deploy') refuseWhileFrozen({ record })
    const { generation, untold } = await fenceFor(environment, plan, leased)
    if (untold !== null) options.progress?.say('lease', `the runtime is not told of it: ${untold}`)
    const beganMs = environment.clock.monotonicMs()
    const [entry] = await environment.journal.append(leased.lease.token, [
      {
        operation: plan.operation,
        actor: environment.actor,
        fact: { kind: 'operation-started', plan, ...(untold === null ? {} : { untold }) },
      },
    ])
    const state = entry === undefined ? null : foldOperation(null, entry)
    if (entry === undefined || state === null) throw new Error('the journal took the plan and returned no entry')
    ;(options.progress ?? SILENT).entry(entry)
    return runUnder(environment, leased, generation, options, runOperation, { plan, state, beganMs })
  })
}

function fenceFor(environment: Environment, plan: Plan, { lease }: Leased): Promise<FlipFence> {
  return isFlip(plan) ? takeFlipFence(environment, lease) : takeWholeFence(environment, plan)
}

/** No step of it orders anything from the runtime or from a data service. */
export function isFlip({ kind, mode }: Plan): boolean {
  return kind === 'rollback' && mode === 'fast'
}

async function takeWholeFence(environment: Environment, { steps }: Plan): Promise<FlipFence> {
  const services = steps.flatMap(({ params }) => servicesIn(params))
  return { generation: await takeFence(environment, services), untold: null }
}

function describe({ kind, mode, target }: Plan): string {
  return [kind, mode, target?.sha].filter((part) => part != null).join(' ')
}

type Runner = (run: OperationRun<StepPorts>) => Promise<OperationEnd>

/** Makes the engine's run from an environment and a lease, and explains the one way it may end without writing. */
export async function runUnder(
  environment: Environment,
  { lease, lost }: Leased,
  generation: number,
  options: RunOptions,
  runner: Runner,
  { plan, state, beganMs }: Pick<OperationRun<StepPorts>, 'plan' | 'state' | 'beganMs'>,
): Promise<OperationEnd> {
  const { journal, hooks, clock, actor } = environment
  const listener: Listener = options.progress ?? SILENT
  const signal = options.signal ?? new AbortController().signal
  const run: OperationRun<StepPorts> = {
    plan,
    steps: stepsById,
    ports: stepPorts(environment),
    journal,
    hooks,
    clock,
    token: lease.token,
    generation,
    actor,
    signal,
    listener,
    state,
    beganMs,
    writtenMs: new Map(),
    begun: null,
  }
  try {
    return await runner(run)
  } catch (error) {
    if (!isLost(error) && !lost.aborted) throw cannotGoOn(error, run.state)
    throw new BackflipError('the environment was taken over by somebody else while this operation ran', {
      code: 'lease-lost',
      kind: 'held',
      details: ['this process has written nothing since, neither to the journal nor to the edge'],
      hint: 'backflip status',
      cause: error,
    })
  }
}

/**
 * The engine throws only when its journal fails, and then the operation stays open. Once it had begun to move traffic, "users saw nothing" would be
 * a guess: a person is needed.
 */
function cannotGoOn(error: unknown, state: OperationState): unknown {
  const switching = state.plan.steps.some(
    ({ id, phase }) =>
      (isAtOrAfter(phase, 'switch') || id === 'raise-maintenance') && stepState(state, id).is !== 'waiting',
  )
  if (!switching) return error
  const record = toErrorRecord(error)
  return new BackflipError(record.message, {
    ...record,
    kind: 'person',
    details: [...(record.details ?? []), 'the switch had begun: backflip status says where traffic goes'],
    hint: record.hint ?? 'backflip resume',
    cause: error instanceof Error ? error.cause : undefined,
  })
}

function stepPorts(environment: Environment): StepPorts {
  const { edge, runtime, registry, cache, probe, data, texts, clock } = environment
  return {
    edge,
    runtime,
    registry,
    cache,
    probe,
    data,
    texts,
    clock,
    anchor: () => anchorOf(environment),
    markOf: (mark, service) => markOf(environment.journal, mark, service),
    lastTimeline: (service) => lastTimeline(environment.journal, service),
    judgeMigrations: async (sha) => (await import('./migrations/apart.ts')).judgeInPhaseA(environment, sha),
    writeLostRows: async (ask) => (await import('./write-lost-rows.ts')).writeLostRows(ask),
  }
}
