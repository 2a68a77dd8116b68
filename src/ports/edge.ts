import type { Color } from '../domain/color.ts'
import type { EdgeState } from '../domain/edge-state.ts'
import type { JournalId, OperationId, Sha } from '../domain/ids.ts'
import type { ComponentTopology, Topology } from '../domain/topology.ts'
import type { Shortcoming } from './shortcoming.ts'

/** Which journal writes here and where its chain stood at the last write: what `history --verify` compares with. */
export interface Anchor {
  readonly journal: JournalId
  readonly seq: number
  readonly hash: string
}

/** The edge, as it was seen in one bounded look. */
export interface EdgeView {
  /** What the current worker does, or null when the edge does not run. */
  readonly memory: EdgeState | null
  /** What the next worker will do: the state file. Null when there is none yet. */
  readonly file: EdgeState | null
  readonly anchor: Anchor | null
  /** Which release the edge names in its answers, per color; from memory, from the file when it does not run. */
  readonly releases: Readonly<Record<Color, Sha | null>>
  /** Servers of each color that the edge itself sees as up, per component; empty when it does not run. */
  readonly servers: Readonly<
    Record<Color, readonly { readonly component: string; readonly up: number; readonly total: number }[]>
  >
  /** Pid of the current worker, or null. */
  readonly worker: number | null
  /** The word in the file `active-color`, or null. */
  readonly activeColorFile: string | null
}

export interface FlipAsk {
  readonly to: EdgeState['live']
  /** Defaults: no candidate, share 0. */
  readonly candidate?: Color | null
  readonly share?: number
  /** The generation that `fence` gave. A smaller one than the edge's is refused: error `fenced` (kind `held`). */
  readonly fencedBy: number
  /** Stored with the state in the same atomic file. */
  readonly anchor: Anchor
}

export interface FlipReport {
  readonly state: EdgeState
  /** Pid of the worker that took it, checked to be the current one after it took it. */
  readonly worker: number
  /** How often it had to be repeated because a reload ran at the same time. 1 is the rule. */
  readonly tries: number
}

/** Requests that the edge counted for a color since its worker started. */
export interface EdgeCounters {
  /** Worker whose counters these are: after a reload they start from zero. */
  readonly worker: number
  readonly requests: number
  /** Answers with a 5xx status, whoever made them. */
  readonly serverErrors: number
  /** Mean response time of the last 1,024 requests, as the edge reports it. */
  readonly responseMs: number
}

export interface EdgeRemains {
  /** Sessions still open on the color's servers: requests that run, event streams, websockets. */
  readonly sessions: number
}

export type TopologyChange = 'none' | 'reload'

/**
 * What decides which color is live. One interface, several systems; the suite is `test/contract/edge.ts`.
 *
 * Every method answers within its bound (2 s for a look) or throws `edge-unknown` (kind `person`): nobody may guess. Writers name
 * the generation they were given; after a newer `fence` they are refused with `fenced`, also when they were stopped half way.
 */
export interface Edge {
  /** Looks; changes nothing. Throws `edge-unknown` when it runs but does not answer. */
  read(): Promise<EdgeView>

  /**
   * Makes all earlier generations worthless and returns the new one, in the edge's files and, if it runs, in its memory.
   * Traffic stays exactly as it is. Of two callers at once, each gets a generation of its own, and only the greater one works.
   * Error `foreign-journal` (kind `refused`) when the edge knows another journal than `anchor.journal` and `adopt` is not true.
   */
  fence(ask: { readonly anchor: Anchor; readonly adopt?: boolean }): Promise<{ readonly generation: number }>

  /**
   * Sends new requests to a color: file first, then memory, then checked against the current worker. Repeatable.
   * Error `no-server` (kind `refused`) when a component of the target has no server up; nothing was changed.
   */
  flip(ask: FlipAsk): Promise<FlipReport>

  /** Names the release a color holds, for the answers' headers and for `read`. Null: the color is empty. */
  name(ask: { readonly color: Color; readonly sha: Sha | null; readonly fencedBy: number }): Promise<void>

  /** Whether `apply` would have to reload. */
  compare(topology: Topology): Promise<TopologyChange>
  /**
   * Renders, validates, swaps and, only if something changed, reloads and waits until the new worker serves. Repeatable.
   * Error `bad-edge-config` (kind `failed`): the old configuration is in place again, byte for byte, and the old worker serves.
   */
  apply(ask: { readonly topology: Topology; readonly fencedBy: number }): Promise<TopologyChange>

  counters(color: Color): Promise<EdgeCounters>
  /** What still hangs on a color that no longer gets new requests. */
  remains(color: Color): Promise<EdgeRemains>
  /** Ends every session that is left on a color. Refused (`color-is-live`) for the live one. */
  closeSessions(color: Color): Promise<void>

  /** Address of the public side, and what a request must carry to reach the standby color. */
  address(): Promise<{ readonly url: string; readonly preview: { readonly header: string; readonly token: string } }>

  /** Updates `active-color` and puts a line on top of `active-color.history`. Repeatable per operation and color. */
  record(ask: {
    readonly at: string
    readonly color: Color | 'none'
    readonly sha: Sha | null
    readonly operation: OperationId
    readonly fencedBy: number
  }): Promise<void>

  /** Starts it, or finds it running; and stops it. For `up` and `down`. */
  start(topology: Topology): Promise<void>
  stop(): Promise<void>

  /**
   * What is missing on the way to its host; nothing when all is well. May leave and remove one small file there. What keeps it from looking is thrown.
   * Each call of it is bounded, all of them together by the caller.
   */
  shortcomings(): Promise<readonly Shortcoming[]>
}

export type { ComponentTopology, Topology }
