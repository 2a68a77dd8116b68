import { type Color, otherColor } from './color.ts'
import { whyIncompatible } from './compatibility/verdict.ts'
import { lastGoodBefore } from './history/good.ts'
import type { EnvironmentRecord } from './history/record.ts'
import { type Sha, short } from './ids.ts'
import { whyNotFast } from './plan/way-back.ts'

export interface WayBack {
  readonly open: boolean
  readonly sha: Sha | null
  readonly color: Color | null
  /** Why it is not open; empty when it is. */
  readonly reasons: readonly string[]
  /** How long it took the last time, or null when it was never done here. */
  readonly expectedMs: number | null
}

/** Which ways back are open right now, checked. */
export interface Readiness {
  readonly fast: WayBack
  readonly full: WayBack
  /** One sentence for people. */
  readonly summary: string
}

export interface ReadinessWorld {
  /** Problems of the standby color by a look at runtime and edge; null when it could not be looked at. */
  readonly standbyProblems: readonly string[] | null
  /** Whether the target of a full rollback is in this host's cache; null when that could not be told. */
  readonly fullTargetCached: boolean | null
  readonly fastMs: number | null
  readonly fullMs: number | null
}

/** Pure: what the journal knows and what was seen. A way that could not be checked is not open. */
export function judgeReadiness(record: EnvironmentRecord, world: ReadinessWorld): Readiness {
  const fast = judgeFast(record, world)
  const full = judgeFull(record, world)
  return { fast, full, summary: summarize(fast, full) }
}

function judgeFast(record: EnvironmentRecord, { standbyProblems, fastMs }: ReadinessWorld): WayBack {
  const color = record.live === null ? null : otherColor(record.live.color)
  const sha = color === null ? null : record.colors[color].sha
  const why = whyNotFast(record) ?? (sha === null ? null : whyIncompatible(record, sha))
  const reasons = why === null ? (standbyProblems ?? ['it could not be looked at']) : [why]
  return { open: reasons.length === 0, sha, color, reasons, expectedMs: fastMs }
}

function judgeFull(record: EnvironmentRecord, { fullTargetCached, fullMs }: ReadinessWorld): WayBack {
  const sha = lastGoodBefore(record)
  const color = record.live === null ? null : otherColor(record.live.color)
  const unfit = sha === null ? null : whyIncompatible(record, sha)
  const reasons =
    sha === null
      ? ['no release that served before the live one is good']
      : [...(unfit === null ? [] : [unfit]), ...cacheReasons(sha, fullTargetCached)]
  return { open: reasons.length === 0, sha, color, reasons, expectedMs: fullMs }
}

function cacheReasons(sha: Sha, cached: boolean | null): readonly string[] {
  if (cached === true) return []
  return [cached === null ? 'the cache could not be looked at' : `${short(sha)} is not in this host's cache`]
}

function summarize(fast: WayBack, full: WayBack): string {
  return `fast ${describe(fast)}; full ${describe(full)}`
}

function describe({ open, sha, reasons, expectedMs }: WayBack): string {
  if (!open) return `closed: ${reasons[0] ?? 'unknown'}`
  const time = expectedMs === null ? '' : `, about ${seconds(expectedMs)}`
  return `open to ${sha === null ? 'nothing' : short(sha)}${time}`
}

function seconds(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${Math.round(ms / 100) / 10} s`
}
