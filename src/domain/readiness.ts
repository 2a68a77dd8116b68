import { type Color, otherColor } from './color.ts'
import { whyIncompatible } from './compatibility/verdict.ts'
import { lastGoodBefore } from './history/good.ts'
import type { EnvironmentRecord, SnapshotRecord } from './history/record.ts'
import { type DataServiceName, type Sha, type SnapshotName, short } from './ids.ts'
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

/** The last way back: what was written since is lost, and `restore` shows how much first. */
export interface DataWayBack {
  readonly open: boolean
  /** The newest that an operation took; null when none did. */
  readonly snapshot: SnapshotName | null
  readonly takenAt: string | null
  readonly verified: SnapshotRecord['verified'] | null
  readonly reasons: readonly string[]
  /** How long its proof took, which is most of a restore; null when it was never proved. */
  readonly expectedMs: number | null
}

/** Which ways back are open right now, checked. */
export interface Readiness {
  readonly fast: WayBack
  readonly full: WayBack
  /** Null where there are no data services. */
  readonly data: DataWayBack | null
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
  /** What each data service's storage holds: null when it could not be looked at. Empty: there is no data service. */
  readonly snapshots: readonly { readonly service: DataServiceName; readonly names: readonly string[] | null }[]
}

/** Pure: what the journal knows and what was seen. A way that could not be checked is not open. */
export function judgeReadiness(record: EnvironmentRecord, world: ReadinessWorld): Readiness {
  const fast = judgeFast(record, world)
  const full = judgeFull(record, world)
  return { fast, full, data: judgeData(record, world), summary: summarize(fast, full) }
}

/** While users are kept away nothing is flipped: the operation that did it is brought to its end first. */
function whyClosed({ maintenance }: EnvironmentRecord): readonly string[] {
  if (maintenance === null) return []
  return [`users are kept away since ${maintenance.since}: backflip resume, or backflip abort`]
}

function judgeFast(record: EnvironmentRecord, { standbyProblems, fastMs }: ReadinessWorld): WayBack {
  const color = record.live === null ? null : otherColor(record.live.color)
  const sha = color === null ? null : record.colors[color].sha
  const why = whyNotFast(record) ?? (sha === null ? null : whyIncompatible(record, sha))
  const found = why === null ? (standbyProblems ?? ['it could not be looked at']) : [why]
  const reasons = [...whyClosed(record), ...found]
  return { open: reasons.length === 0, sha, color, reasons, expectedMs: fastMs }
}

function judgeFull(record: EnvironmentRecord, { fullTargetCached, fullMs }: ReadinessWorld): WayBack {
  const sha = lastGoodBefore(record)
  const color = record.live === null ? null : otherColor(record.live.color)
  const unfit = sha === null ? null : whyIncompatible(record, sha)
  const found =
    sha === null
      ? ['no release that served before the live one is good']
      : [...(unfit === null ? [] : [unfit]), ...cacheReasons(sha, fullTargetCached)]
  const reasons = [...whyClosed(record), ...found]
  return { open: reasons.length === 0, sha, color, reasons, expectedMs: fullMs }
}

function cacheReasons(sha: Sha, cached: boolean | null): readonly string[] {
  if (cached === true) return []
  return [cached === null ? 'the cache could not be looked at' : `${short(sha)} is not in this host's cache`]
}

function judgeData(record: EnvironmentRecord, { snapshots }: ReadinessWorld): DataWayBack | null {
  if (snapshots.length === 0) return null
  const newest = record.snapshots.at(-1) ?? null
  if (newest === null) {
    const reasons = [...whyClosed(record), 'no operation took a snapshot yet']
    return { open: false, snapshot: null, takenAt: null, verified: null, reasons, expectedMs: null }
  }
  const { snapshot, takenAt } = newest
  const taken = record.snapshots.filter((one) => one.snapshot === snapshot)
  const reasons = [...whyClosed(record), ...taken.flatMap((one) => snapshotReasons(one, snapshots))]
  const verified = taken.map((one) => one.verified)
  const proofs = taken.map(({ verifyMs }) => verifyMs)
  return {
    open: reasons.length === 0,
    snapshot,
    takenAt,
    verified: verified.find((one) => one !== 'verified') ?? 'verified',
    reasons,
    expectedMs: proofs.some((ms) => ms === null) ? null : Math.max(...proofs.map((ms) => ms ?? 0)),
  }
}

function snapshotReasons(
  { service, snapshot, verified }: SnapshotRecord,
  seen: ReadinessWorld['snapshots'],
): readonly string[] {
  const found = seen.find((one) => one.service === service)
  if (found === undefined) return [`the configuration has no data service ${service} any more`]
  if (found.names === null) return [`the storage of ${service} could not be looked at`]
  if (!found.names.includes(snapshot)) return [`${snapshot} of ${service} is gone from its storage`]
  return verified === 'failed' ? [`${snapshot} of ${service} is not whole`] : []
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
