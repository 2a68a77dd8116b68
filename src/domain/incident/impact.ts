import type { Color } from '../color.ts'
import type { OperationId, Sha } from '../ids.ts'
import type { BadRelease, Closed, IncidentOperation, TrafficMove } from './report.ts'

/** Milliseconds from one ISO 8601 time to another, never negative. The domain has no clock and reads no time. */
export type ApartMs = (from: string, to: string) => number

/** One stretch of time in which one release got the traffic. */
interface Stretch {
  readonly sha: Sha
  readonly color: Color
  readonly begun: TrafficMove | null
  readonly ended: TrafficMove | null
}

/** What users got of releases that were bad, and when they saw the maintenance page. Operations are oldest first. */
export function impactOf(
  operations: readonly IncidentOperation[],
  apartMs: ApartMs,
): { readonly bad: readonly BadRelease[]; readonly closed: readonly Closed[] } {
  const stretches = stretchesOf(operations)
  return {
    bad: stretches.flatMap((one) => judge(one, operations, apartMs)),
    closed: operations.flatMap((one) => closedBy(one, apartMs)),
  }
}

function stretchesOf(operations: readonly IncidentOperation[]): readonly Stretch[] {
  const moves = operations.flatMap(({ traffic }) => traffic).toSorted((a, b) => a.seq - b.seq)
  const [first] = moves
  const before = operations.find(({ operation }) => operation === first?.operation)?.from ?? null
  const found: Stretch[] = before === null ? [] : [{ ...before, begun: null, ended: first ?? null }]
  for (const [index, move] of moves.entries()) {
    if (move.color === null || move.sha === null) continue
    found.push({ color: move.color, sha: move.sha, begun: move, ended: moves[index + 1] ?? null })
  }
  return found
}

function judge(
  { sha, color, begun, ended }: Stretch,
  operations: readonly IncidentOperation[],
  apartMs: ApartMs,
): readonly BadRelease[] {
  const of = (id: OperationId | undefined) => operations.find(({ operation }) => operation === id)
  const [bringer, ender] = [of(begun?.operation), of(ended?.operation)]
  const how = howBad(bringer, ender, begun, ended)
  if (how === null) return []
  const liveMs =
    how === 'reverted' && bringer?.seenMs != null
      ? bringer.seenMs
      : begun === null || ended === null
        ? null
        : apartMs(begun.at, ended.at)
  return [
    {
      sha,
      color,
      how,
      since: begun?.at ?? null,
      broughtBy: begun?.operation ?? null,
      until: ended?.at ?? null,
      endedBy: ended?.operation ?? null,
      liveMs,
    },
  ]
}

function howBad(
  bringer: IncidentOperation | undefined,
  ender: IncidentOperation | undefined,
  begun: TrafficMove | null,
  ended: TrafficMove | null,
): BadRelease['how'] | null {
  if (bringer !== undefined && begun?.isUndo === false && ended?.isUndo === true && ended.operation === begun.operation)
    return 'reverted'
  if (ended?.isUndo === false && (ender?.kind === 'rollback' || ender?.kind === 'restore')) return 'rolled-away'
  if (bringer === undefined || begun?.isUndo !== false || ended !== null) return null
  const isOpen = bringer.outcome === 'open' && (bringer.error !== null || bringer.stuck !== null)
  return bringer.outcome === 'unsettled' || isOpen ? 'not-verified' : null
}

function closedBy({ operation, maintenance }: IncidentOperation, apartMs: ApartMs): readonly Closed[] {
  return maintenance.flatMap(({ at, on }, index): readonly Closed[] => {
    // On twice is a repeat of the same.
    if (!on || maintenance[index - 1]?.on === true) return []
    const until = maintenance.slice(index).find((one) => !one.on)?.at ?? null
    return [{ operation, since: at, until, closedMs: until === null ? null : apartMs(at, until) }]
  })
}
