import { otherColor } from '../domain/color.ts'
import type { EnvironmentRecord } from '../domain/history/record.ts'

/** Whether the standby color has outlived the time that the config gives it. */
export function standbyIsExpired(record: EnvironmentRecord, keepMs: number | null, now: string): boolean {
  const { live, open } = record
  if (keepMs === null || live === null || open !== null) return false
  const held = record.colors[otherColor(live.color)]
  // Counted from when the other color got the traffic: until then it was no standby. One that was kept after a failure counts from its own launch.
  const since = Math.max(Date.parse(live.since), Date.parse(held.since ?? live.since))
  return held.is === 'started' && Date.parse(now) - since > keepMs
}
