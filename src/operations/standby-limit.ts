import { otherColor } from '../domain/color.ts'
import type { EnvironmentRecord } from '../domain/history/record.ts'
import { planCleanup } from '../domain/plan/cleanup.ts'
import type { Environment, RunOptions } from './environment.ts'
import { observe, planFacts } from './observe.ts'
import { sealPlan } from './plan-hash.ts'
import { runPlan } from './run-plan.ts'

/** Whether the old color has outlived the time that the config gives it. */
export function standbyIsExpired(record: EnvironmentRecord, keepMs: number | null, now: string): boolean {
  const { live, open } = record
  if (keepMs === null || live === null || open !== null) return false
  const held = record.colors[otherColor(live.color)]
  // Counted from when the other color got the traffic: until then it was no standby.
  return held.is === 'started' && Date.parse(now) - Date.parse(live.since) > keepMs
}

/**
 * Empties a standby color whose time is over, as an operation of its own. Called before a deploy and by `cleanup --expired`; never before a
 * rollback, which may be about to use it.
 */
export async function applyStandbyLimit(environment: Environment, options: RunOptions = {}): Promise<boolean> {
  const { settings, clock } = environment
  const observed = await observe(environment)
  if (observed.view.memory === null || !standbyIsExpired(observed.record, settings.standbyKeepMs, clock.now()))
    return false
  const facts = planFacts(environment, observed, `the standby color is kept for ${settings.standbyKeepMs} ms`)
  await runPlan(environment, sealPlan(planCleanup(facts, { color: null, force: true })), options)
  return true
}
