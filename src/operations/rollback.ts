import { isColor, otherColor } from '../domain/color.ts'
import type { AgreedOverride } from '../domain/compatibility/override.ts'
import type { EnvironmentRecord } from '../domain/history/record.ts'
import type { Sha } from '../domain/ids.ts'
import type { ReleaseFacts } from '../domain/plan/facts.ts'
import type { Plan } from '../domain/plan/plan.ts'
import { nothingLive, planRollback, type RollbackMode, rollbackTarget } from '../domain/plan/rollback.ts'
import type { OperationEnd } from '../engine/run.ts'
import type { EdgeView } from '../ports/edge.ts'
import type { Environment, RunOptions } from './environment.ts'
import { isUnseen, look } from './look.ts'
import { observe, planFacts, releaseFacts, runningState } from './observe.ts'
import type { OverrideAsk } from './override.ts'
import { sealPlan } from './plan-hash.ts'
import { runPlan } from './run-plan.ts'
import { standbyProblems } from './standby.ts'
import { targetVerdict } from './target-verdict.ts'

export interface RollbackRequest {
  /** Null: the last good release before the live one. */
  readonly sha: Sha | null
  readonly mode: RollbackMode
  readonly reason: string | null
  /** Left out when nobody takes anything on themselves. */
  readonly override?: OverrideAsk | null
}

/** The plan of a rollback, with why this target and this way. Changes nothing. */
export async function prepareRollback(environment: Environment, ask: RollbackRequest): Promise<Plan> {
  const observed = await observe(environment)
  const { record, view } = observed
  // Before the first deploy there is no edge to start either.
  if (record.live === null && view.memory === null && !isColor(view.file?.live)) throw nothingLive()
  const sha = rollbackTarget({ record, edge: runningState(view, environment.settings) }, ask.sha)
  const target = await releaseFacts(environment, sha)
  const live = await releaseFacts(environment, liveSha(record))
  const { notReady, unseen } = await lookAtTheFastWay(environment, record, view, target.sha)
  const verdict = await targetVerdict(environment, record, target, live)
  const override = ask.override == null ? null : await overrideOf(environment, record, target, ask.override)
  const asked = { mode: ask.mode, target, live, notReady, unseen, verdict, override }
  return sealPlan(planRollback(planFacts(environment, observed, ask.reason), asked))
}

/** Loaded here: it reads SQL. */
async function overrideOf(
  environment: Environment,
  record: EnvironmentRecord,
  target: ReleaseFacts,
  ask: OverrideAsk,
): Promise<AgreedOverride> {
  const { agreeOverride, judgeRollback } = await import('./migrations/apart.ts')
  const full = await judgeRollback(environment, record, target)
  return agreeOverride(environment, record, { kind: 'rollback', target, full, ask })
}

function liveSha({ live }: EnvironmentRecord): Sha {
  if (live === null) throw new Error('a target was found although nothing is live')
  return live.sha
}

/** A runtime that does not answer is no hindrance by itself: D asks every instance in place, whoever else can be asked about them. */
async function lookAtTheFastWay(
  environment: Environment,
  record: EnvironmentRecord,
  view: EdgeView,
  target: Sha,
): Promise<{ readonly notReady: readonly string[]; readonly unseen: string | null }> {
  const color = record.live === null ? null : otherColor(record.live.color)
  if (color === null || record.colors[color].sha !== target) return { notReady: [], unseen: null }
  const seen = await look(environment, environment.runtime.list())
  const listed = isUnseen(seen) ? null : seen
  return {
    notReady: await standbyProblems(environment, color, target, { view, listed }),
    unseen: isUnseen(seen) ? seen.unseen.message : null,
  }
}

export function rollback(environment: Environment, plan: Plan, options: RunOptions = {}): Promise<OperationEnd> {
  return runPlan(environment, plan, options)
}
