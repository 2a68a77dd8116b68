import { type EdgeState, formatEdgeState, parseEdgeState } from '../../domain/edge-state.ts'
import { parseJournalId } from '../../domain/ids.ts'
import type { Anchor } from '../../ports/edge.ts'

/** The map file of one environment: what the next worker will do, and where the journal's chain stood. One file, so one atomic write. */
export interface StateFile {
  /** Null when the file names no state for the key that we understand: then nobody knows, and nobody guesses. */
  readonly state: EdgeState | null
  readonly anchor: Anchor | null
}

const ANCHOR = /^# backflip journal=([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}) seq=(\d{1,15}) hash=([0-9a-f]{64})$/m

export function formatStateFile(
  key: string,
  { state, anchor }: { readonly state: EdgeState; readonly anchor: Anchor | null },
): string {
  const comment = anchor === null ? '' : `# backflip journal=${anchor.journal} seq=${anchor.seq} hash=${anchor.hash}\n`
  return `${comment}${key} ${formatEdgeState(state)}\n`
}

/** The anchor is found also beside a state that is none: an edge of somebody else's stays one. */
export function parseStateFile(key: string, text: string): StateFile {
  const line = text.split('\n').find((one) => one.startsWith(`${key} `))
  const state = line === undefined ? null : parseEdgeState(line.slice(key.length + 1).trim())
  const [, journal, seq, hash] = ANCHOR.exec(text) ?? []
  if (journal === undefined || seq === undefined || hash === undefined) return { state, anchor: null }
  return { state, anchor: { journal: parseJournalId(journal), seq: Number(seq), hash } }
}
