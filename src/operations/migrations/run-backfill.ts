import { BackflipError } from '../../domain/errors.ts'
import type { BackfillAsk, BackfillState } from '../../ports/backfill.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Database } from '../../ports/database.ts'

export interface BackfillProgress {
  readonly state: BackfillState
  /** Changed in the last slice; 0 while it waits. */
  readonly rowsPerSecond: number
  /** Of the pass at hand. Null while nobody can tell. */
  readonly leftMs: number | null
}

export interface RunBackfillAsk {
  readonly database: Database
  readonly clock: Clock
  readonly ask: BackfillAsk
  readonly signal: AbortSignal
  /** Called after each slice. */
  readonly progress: (progress: BackfillProgress) => void
}

/** A killed caller's session ends with its slice, of which this many are waited for. */
const HELD_SLICES = 3
const HELD_PAUSE_MS = 500

/**
 * Calls the database slice by slice until it says that nothing is left. Interrupted, it ends after the slice at hand: error `interrupted` (kind
 * `failed`); the same command goes on.
 */
export async function runBackfill({ database, clock, ask, signal, progress }: RunBackfillAsk): Promise<BackfillState> {
  let last: BackfillState | null = null
  for (;;) {
    if (signal.aborted) throw interrupted()
    const begunMs = clock.monotonicMs()
    const state = await sliceWhenFree(database, clock, ask)
    progress(progressOf(state, last, Math.max(1, clock.monotonicMs() - begunMs)))
    if (state.phase === 'done') return state
    last = state
  }
}

/** A rate needs two looks at one pass: without them nobody knows how long it takes. */
function progressOf(state: BackfillState, last: BackfillState | null, tookMs: number): BackfillProgress {
  const went = last?.passes === state.passes ? state.seenRows - last.seenRows : 0
  const rowsPerSecond = Math.max(0, Math.round((went * 1_000) / tookMs))
  const left = Math.max(0, state.totalRows - state.seenRows)
  return { state, rowsPerSecond, leftMs: rowsPerSecond === 0 ? null : Math.round((left / rowsPerSecond) * 1_000) }
}

async function sliceWhenFree(database: Database, clock: Clock, ask: BackfillAsk): Promise<BackfillState> {
  const tries = Math.ceil((HELD_SLICES * ask.sliceMs) / HELD_PAUSE_MS)
  for (let tried = 1; ; tried += 1) {
    try {
      return await database.backfill(ask)
    } catch (error) {
      if (!(error instanceof BackflipError) || error.code !== 'backfill-held' || tried >= tries) throw error
      await clock.sleep(HELD_PAUSE_MS)
    }
  }
}

function interrupted(): BackflipError {
  return new BackflipError('interrupted: what was changed is kept', {
    code: 'interrupted',
    kind: 'failed',
    details: ['it goes on where it stands'],
    hint: 'the same command',
  })
}
