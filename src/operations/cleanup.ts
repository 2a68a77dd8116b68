import { type Color, otherColor } from '../domain/color.ts'
import { planCleanup } from '../domain/plan/cleanup.ts'
import type { Plan } from '../domain/plan/plan.ts'
import type { OperationEnd } from '../engine/run.ts'
import { formatDuration } from '../lib/duration.ts'
import type { Environment, RunOptions } from './environment.ts'
import { type Observed, observe, planFacts } from './observe.ts'
import { sealPlan } from './plan-hash.ts'
import { loadRecord } from './record.ts'
import { runPlan } from './run-plan.ts'
import { standbyIsExpired } from './standby-limit.ts'

export interface CleanupRequest {
  readonly color: Color | null
  readonly force: boolean
  readonly reason: string | null
}

/** The plan of a cleanup. A standby color whose time is over needs no force: the config is the order, and is the reason that is kept. */
export async function prepareCleanup(environment: Environment, ask: CleanupRequest): Promise<Plan> {
  const observed = await observe(environment)
  const over = isStandby(observed, ask.color) ? await limitOf(environment, observed.record) : null
  const facts = planFacts(environment, observed, ask.reason ?? over)
  return sealPlan(planCleanup(facts, { color: ask.color, force: ask.force || over !== null }))
}

export function cleanup(environment: Environment, plan: Plan, options: RunOptions = {}): Promise<OperationEnd> {
  return runPlan(environment, plan, options)
}

/**
 * Empties a standby color whose time is over, as an operation of its own; null when none is. Done by `cleanup --expired` and `unfreeze`. A deploy
 * empties that color anyway, and its plan names what it consumes. Never before a rollback or a freeze: somebody may be about to need it.
 */
export async function applyStandbyLimit(
  environment: Environment,
  options: RunOptions = {},
): Promise<OperationEnd | null> {
  if ((await limitOf(environment, await loadRecord(environment.journal))) === null) return null
  const plan = await prepareCleanup(environment, { color: null, force: false, reason: null })
  return cleanup(environment, plan, options)
}

function isStandby({ record: { live } }: Observed, color: Color | null): boolean {
  return live !== null && (color === null || color === otherColor(live.color))
}

/** Why the standby color may go now; null when its time is not over. */
async function limitOf({ settings, clock, runtime }: Environment, record: Observed['record']): Promise<string | null> {
  const { standbyKeepMs } = settings
  if (standbyKeepMs === null) return null
  const now = { at: clock.now(), monotonicMs: clock.monotonicMs() }
  const seen = (await runtime.list()).filter((one) => one.state !== 'unknown')
  if (!standbyIsExpired(record, standbyKeepMs, now, seen)) return null
  return `standby.keepFor, ${formatDuration(standbyKeepMs)}, is over`
}
