import { otherColor } from '../domain/color.ts'
import type { EnvironmentRecord } from '../domain/history/record.ts'
import { planCleanup } from '../domain/plan/cleanup.ts'
import type { Instance } from '../ports/runtime.ts'
import type { Environment, RunOptions } from './environment.ts'
import { observe, planFacts } from './observe.ts'
import { sealPlan } from './plan-hash.ts'
import { runPlan } from './run-plan.ts'

/**
 * Whether the old color has outlived the time that the config gives it: by the wall clock, and by the age of what runs. Every instance of both colors
 * was started before the old one lost the traffic; one that is younger than the limit says that the clock has jumped, and a way back is not
 * taken away for that. (It may also have been restarted, by `up`: then the old color is kept longer, which harms nobody.)
 */
export function standbyIsExpired(
  record: EnvironmentRecord,
  keepMs: number | null,
  now: { readonly at: string; readonly monotonicMs: number },
  instances: readonly Pick<Instance, 'beganMs'>[],
): boolean {
  const { live, open } = record
  if (keepMs === null || live === null || open !== null) return false
  const held = record.colors[otherColor(live.color)]
  // Counted from when the other color got the traffic: until then it was no standby.
  if (held.is !== 'started' || Date.parse(now.at) - Date.parse(live.since) <= keepMs) return false
  return instances.every(({ beganMs }) => beganMs === null || now.monotonicMs - beganMs > keepMs)
}

/**
 * Empties a standby color whose time is over, as an operation of its own. Called before a deploy and by `cleanup --expired`; never before a
 * rollback, which may be about to use it.
 */
export async function applyStandbyLimit(environment: Environment, options: RunOptions = {}): Promise<boolean> {
  const { settings, clock, runtime } = environment
  if (settings.standbyKeepMs === null) return false
  const observed = await observe(environment)
  if (observed.view.memory === null) return false
  const now = { at: clock.now(), monotonicMs: clock.monotonicMs() }
  if (!standbyIsExpired(observed.record, settings.standbyKeepMs, now, await runtime.list())) return false
  const facts = planFacts(environment, observed, `the standby color is kept for ${settings.standbyKeepMs} ms`)
  await runPlan(environment, sealPlan(planCleanup(facts, { color: null, force: true })), options)
  return true
}
