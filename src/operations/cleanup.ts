import type { Color } from '../domain/color.ts'
import { planCleanup } from '../domain/plan/cleanup.ts'
import type { Plan } from '../domain/plan/plan.ts'
import type { OperationEnd } from '../engine/run.ts'
import type { Environment, RunOptions } from './environment.ts'
import { observe, planFacts } from './observe.ts'
import { sealPlan } from './plan-hash.ts'
import { runPlan } from './run-plan.ts'

export interface CleanupRequest {
  readonly color: Color | null
  readonly force: boolean
  readonly reason: string | null
}

export async function prepareCleanup(environment: Environment, ask: CleanupRequest): Promise<Plan> {
  const observed = await observe(environment)
  return sealPlan(planCleanup(planFacts(environment, observed, ask.reason), { color: ask.color, force: ask.force }))
}

export function cleanup(environment: Environment, plan: Plan, options: RunOptions = {}): Promise<OperationEnd> {
  return runPlan(environment, plan, options)
}
