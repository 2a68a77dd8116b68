import { otherColor } from '../domain/color.ts'
import type { EnvironmentRecord } from '../domain/history/record.ts'
import type { Instance } from '../ports/runtime.ts'

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
  // Counted from when the other color got the traffic: until then it was no standby. One that was kept after a failure counts from its own launch.
  const since = Math.max(Date.parse(live.since), Date.parse(held.since ?? live.since))
  if (held.is !== 'started' || Date.parse(now.at) - since <= keepMs) return false
  return instances.every(({ beganMs }) => beganMs === null || now.monotonicMs - beganMs > keepMs)
}
