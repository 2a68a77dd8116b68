import type { EnvironmentRecord } from '../domain/history/record.ts'
import type { Sha } from '../domain/ids.ts'
import { type DeployAsk, planDeploy } from '../domain/plan/deploy.ts'
import type { ReleaseFacts } from '../domain/plan/facts.ts'
import type { Plan } from '../domain/plan/plan.ts'
import type { OperationEnd } from '../engine/run.ts'
import type { Environment, RunOptions } from './environment.ts'
import { lookAtData } from './look-at-data.ts'
import { liveRelease, observe, planFacts, releaseFacts } from './observe.ts'
import type { OverrideAsk } from './override.ts'
import { sealPlan } from './plan-hash.ts'
import { runPlan } from './run-plan.ts'
import { startFirstEdge } from './up-down.ts'

export interface DeployRequest {
  readonly sha: Sha
  readonly again: boolean
  readonly reason: string | null
  /** Left out when nobody takes anything on themselves. */
  readonly override?: OverrideAsk | null
  /** Left out: it is to run. */
  readonly isDryRun?: boolean
}

/**
 * The plan of a deploy, to be shown and approved. Changes nothing, except that the very first one starts the edge; a dry run leaves an operator's
 * HAProxy alone.
 */
export async function prepareDeploy(environment: Environment, ask: DeployRequest): Promise<Plan> {
  const target = await releaseFacts(environment, ask.sha)
  const seen = await observe(environment)
  const isLeftAlone = ask.isDryRun === true && environment.settings.edge.mode === 'attached'
  const observed = isLeftAlone ? seen : await startFirstEdge(environment, seen)
  const facts = planFacts(environment, observed, ask.reason, await lookAtData(environment))
  const live = await liveRelease(environment, observed.record)
  const judged = await judge(environment, observed.record, target, ask.override ?? null)
  return sealPlan(planDeploy(facts, { target, live, again: ask.again, ...judged }))
}

/** Loaded here: it reads SQL, and many releases have none. */
async function judge(
  environment: Environment,
  record: EnvironmentRecord,
  target: ReleaseFacts,
  ask: OverrideAsk | null,
): Promise<Pick<DeployAsk, 'migrations' | 'override'>> {
  if (target.manifest.migrationFiles === undefined && ask === null) return {}
  const { agreeOverride, judgeDeploy } = await import('./migrations/apart.ts')
  const full = await judgeDeploy(environment, record, target)
  return {
    migrations: full?.judged ?? null,
    override: ask === null ? null : await agreeOverride(environment, record, { kind: 'deploy', target, full, ask }),
  }
}

export function deploy(environment: Environment, plan: Plan, options: RunOptions = {}): Promise<OperationEnd> {
  return runPlan(environment, plan, options)
}
