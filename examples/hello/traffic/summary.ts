import type { Kind, TrafficRecord, Who } from './record.ts'

/** A change of who is live, as the journal tells it. The first is the first release. */
export interface Flip {
  readonly to: Who
  /** Milliseconds since 1970: when the first byte of it could have been written, and when it was acknowledged. */
  readonly startedAt: number
  readonly acknowledgedAt: number
}

export interface FlipSeen {
  readonly to: Who
  /** From the flip's beginning to the first complete answer of the new release; null when there was none. For a flip before the traffic: the wait. */
  readonly firstNewMs: number | null
  /** From the acknowledgement to the last request that the old release answered: negative when it was sent before. */
  readonly lastOldSentMs: number | null
}

export interface TrafficSummary {
  readonly sent: number
  readonly byKind: { readonly [kind in Kind]?: number }
  readonly bySha: { readonly [sha: string]: number }
  /** Neither good nor spoiled by a release that is known to be bad: what Backflip would have to answer for. */
  readonly failed: number
  /** Answered by a release that was live at no time between question and answer. */
  readonly wrongColor: number
  /** Errors that a bad release itself answered with, by its SHA. */
  readonly spoiled: { readonly [sha: string]: number }
  /** The first few of what failed, for a person. */
  readonly examples: readonly string[]
  readonly flips: readonly FlipSeen[]
}

/** The journal's times are whole milliseconds, and two clocks of one machine may be a millisecond apart. */
const CLOCK_MS = 2
const MAX_EXAMPLES = 10
/** Of these, each question is answered by whoever is live; what follows on a stream stays where the stream began. */
const ROUTED: readonly Kind[] = ['keep-alive', 'fresh', 'slow', 'events', 'socket']
const ENDS: readonly Kind[] = ['events-end', 'socket-end']

/**
 * Judges every answer by the story. `bad` are the SHAs whose own errors are no fault of the switch. A stream that ends is a failure only when its
 * release was live at that moment: the other color may be emptied, and then its streams end.
 */
export function summarize(
  records: Iterable<TrafficRecord>,
  story: { readonly flips: readonly Flip[]; readonly bad: readonly string[] },
): TrafficSummary {
  const counts = { sent: 0, failed: 0, wrongColor: 0 }
  const byKind: { [kind in Kind]?: number } = {}
  const bySha: { [sha: string]: number } = {}
  const spoiled: { [sha: string]: number } = {}
  const examples: string[] = []
  const seen = flipWatch(story.flips)
  for (const record of records) {
    const { kind, who, wrong } = record
    seen.look(record)
    if (ENDS.includes(kind) && !mayAnswer(story.flips, { ...record, sentAt: record.doneAt })) continue
    counts.sent += 1
    byKind[kind] = (byKind[kind] ?? 0) + 1
    if (who !== null) bySha[who.sha] = (bySha[who.sha] ?? 0) + 1
    if (who !== null && ROUTED.includes(kind) && !mayAnswer(story.flips, record)) {
      counts.wrongColor += 1
      if (examples.length < MAX_EXAMPLES) examples.push(tell(record, 'answered by who was not live'))
    }
    if (wrong === null) continue
    if (who !== null && story.bad.includes(who.sha) && !ENDS.includes(kind)) {
      spoiled[who.sha] = (spoiled[who.sha] ?? 0) + 1
      continue
    }
    counts.failed += 1
    if (examples.length < MAX_EXAMPLES) examples.push(tell(record, wrong))
  }
  return { ...counts, byKind, bySha, spoiled, examples, flips: seen.flips() }
}

/** Whether the one who answered was live at any moment between question and answer. During a flip both may. */
export function mayAnswer(flips: readonly Flip[], { who, sentAt, doneAt }: TrafficRecord): boolean {
  return flips.some(({ to, startedAt }, index) => {
    const until = flips[index + 1]?.acknowledgedAt ?? Number.POSITIVE_INFINITY
    const isWho = who !== null && to.sha === who.sha && to.color === who.color
    return isWho && startedAt - CLOCK_MS <= doneAt && sentAt <= until + CLOCK_MS
  })
}

function tell({ kind, sentAt, who, wrong }: TrafficRecord, why: string): string {
  const by = who === null ? 'nobody' : `${who.sha.slice(0, 12)} on ${who.color}`
  return `${new Date(sentAt).toISOString()} ${kind}: ${why} (by ${by}${wrong === null ? '' : `, ${wrong}`})`
}

/** What clients saw of each flip; slow requests and streams, which may rightly be long, say nothing about it. */
function flipWatch(flips: readonly Flip[]) {
  const firstNew = flips.map(() => Number.POSITIVE_INFINITY)
  const lastOld = flips.map(() => Number.NEGATIVE_INFINITY)
  const isWho = (one: Who | undefined, other: Who | null) => one?.sha === other?.sha && one?.color === other?.color
  return {
    look: ({ kind, who, sentAt, doneAt }: TrafficRecord) => {
      if (kind !== 'keep-alive' && kind !== 'fresh') return
      for (const [index, { to, startedAt }] of flips.entries()) {
        const next = flips[index + 1]?.startedAt ?? Number.POSITIVE_INFINITY
        if (sentAt > next) continue
        if (isWho(to, who) && doneAt >= startedAt - CLOCK_MS) firstNew[index] = Math.min(firstNew[index] ?? 0, doneAt)
        const before = flips[index - 1]?.to
        if (before !== undefined && isWho(before, who)) lastOld[index] = Math.max(lastOld[index] ?? 0, sentAt)
      }
    },
    flips: (): readonly FlipSeen[] =>
      flips.map(({ to, startedAt, acknowledgedAt }, index) => ({
        to,
        firstNewMs: finite((firstNew[index] ?? 0) - startedAt),
        lastOldSentMs: finite((lastOld[index] ?? 0) - acknowledgedAt),
      })),
  }
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? Math.round(value * 100) / 100 : null
}
