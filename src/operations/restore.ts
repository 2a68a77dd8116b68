import { otherColor } from '../domain/color.ts'
import { refusal } from '../domain/errors.ts'
import type { EnvironmentRecord } from '../domain/history/record.ts'
import type { ReleaseFacts } from '../domain/plan/facts.ts'
import type { Plan } from '../domain/plan/plan.ts'
import { planRestore, type RestoreTarget } from '../domain/plan/restore.ts'
import type { OperationEnd } from '../engine/run.ts'
import type { Environment, RunOptions } from './environment.ts'
import { lookAtData } from './look-at-data.ts'
import { observe, planFacts, releaseFacts } from './observe.ts'
import { sealPlan } from './plan-hash.ts'
import { previewRestore, type RestorePreview, type RestoreRequest } from './preview-restore.ts'
import { loadRecord } from './record.ts'
import { runPlan } from './run-plan.ts'

export type { RestoreRequest } from './preview-restore.ts'

/** What is shown before anybody is asked. Changes nothing. */
export async function showRestore(environment: Environment, ask: RestoreRequest): Promise<RestorePreview> {
  return previewRestore(environment, await loadRecord(environment.journal), ask)
}

/** The plan of a restore that a person agreed to, with how much may be lost. */
export async function prepareRestore(
  environment: Environment,
  { target }: Pick<RestorePreview, 'target'>,
  ask: { readonly maxLost: number | null; readonly exportFolder: string | null; readonly reason: string | null },
): Promise<Plan> {
  const observed = await observe(environment)
  const { record } = observed
  if (record.live === null)
    throw refusal('nothing is live, so no release could be asked whether the restored data serves it', {
      code: 'nothing-live',
      hint: 'backflip deploy SHA',
    })
  const live = await releaseFacts(environment, record.live.sha)
  const standby = await standbyOfThen(environment, record, target)
  const facts = planFacts(environment, observed, ask.reason, await lookAtData(environment))
  const { maxLost, exportFolder } = ask
  return sealPlan(planRestore(facts, { target, live, standby, maxLost, exportFolder }))
}

/** The release that was live at the snapshot, when it is not live now but stands by, started. */
async function standbyOfThen(
  environment: Environment,
  { live, colors }: EnvironmentRecord,
  target: RestoreTarget,
): Promise<ReleaseFacts | null> {
  const then = target.kind === 'snapshot' ? (target.taken[0]?.live ?? null) : null
  if (live === null || then === null || then === live.sha) return null
  const held = colors[otherColor(live.color)]
  return held.sha === then && held.is === 'started' ? releaseFacts(environment, then) : null
}

export function restore(environment: Environment, plan: Plan, options: RunOptions = {}): Promise<OperationEnd> {
  return runPlan(environment, plan, options)
}
