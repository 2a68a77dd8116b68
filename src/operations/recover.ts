import { refusal } from '../domain/errors.ts'
import type { OperationState } from '../domain/history/operation.ts'
import { servicesUnderWay } from '../domain/history/services-touched.ts'
import type { Plan } from '../domain/plan/plan.ts'
import { unknownStep } from '../engine/operation-run.ts'
import { abortOperation, type OperationEnd, refusePastPivot, runOperation } from '../engine/run.ts'
import { stepsById } from '../steps/registry.ts'
import type { Environment, RunOptions } from './environment.ts'
import { assertSealed } from './plan-hash.ts'
import { loadRecord } from './record.ts'
import { isFlip, runUnder } from './run-plan.ts'
import { refuseAnotherPast } from './same-past.ts'
import { takeFence, takeFlipFence } from './take-fence.ts'
import { withLease } from './with-lease.ts'

/**
 * Takes up the operation that was begun and not finished, where its journal says it is: forward, or on with going back, or the undo at
 * which it was stuck. Error `nothing-open` (kind `refused`) when there is none.
 */
export function resume(environment: Environment, options: RunOptions = {}): Promise<OperationEnd> {
  return takeUp(environment, 'resume', options, runOperation, () => undefined)
}

/** Ends the open operation by going back. Refused past its pivot. */
export function abort(environment: Environment, options: RunOptions = {}): Promise<OperationEnd> {
  return takeUp(environment, 'abort', options, abortOperation, refusePastPivot)
}

function takeUp(
  environment: Environment,
  verb: string,
  options: RunOptions,
  runner: typeof runOperation,
  refuse: (open: OperationState) => void,
): Promise<OperationEnd> {
  return withLease(environment, verb, options, async (leased) => {
    const open = openOperation((await loadRecord(environment.journal)).open, verb)
    assertSealed(open.plan)
    assertKnown(open.plan)
    refuse(open)
    await refuseAnotherPast(environment, (await environment.edge.read()).anchor)
    const generation = isFlip(open.plan)
      ? (await takeFlipFence(environment, leased.lease)).generation
      : await takeFence(environment, servicesUnderWay(open))
    const by = await environment.liveness.self(environment.actor)
    const entries = await environment.journal.append(leased.lease.token, [
      { operation: open.plan.operation, actor: environment.actor, fact: { kind: 'operation-resumed', by } },
    ])
    for (const entry of entries) options.progress?.entry(entry)
    return runUnder(environment, leased, generation, options, runner, {
      plan: open.plan,
      state: open,
      beganMs: null,
    })
  })
}

/** A plan of another version may name a step that this one has not. Better to do nothing of it than the first half. */
function assertKnown({ steps }: Plan): void {
  const unknown = steps.find(({ id }) => !stepsById.has(id))
  if (unknown !== undefined) throw unknownStep(unknown.id)
}

function openOperation(open: OperationState | null, verb: string): OperationState {
  if (open !== null) return open
  throw refusal(`no operation is unfinished: nothing to ${verb}`, { code: 'nothing-open', hint: 'backflip status' })
}
