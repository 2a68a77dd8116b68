import { describe, expect, it } from 'vitest'
import { BackflipError } from '../../domain/errors.ts'
import type { BackfillAsk, BackfillState } from '../../ports/backfill.ts'
import type { Database } from '../../ports/database.ts'
import { type BackfillProgress, runBackfill } from './run-backfill.ts'

const ASK: BackfillAsk = {
  name: 'fill',
  schema: null,
  table: 'users',
  alias: 'users',
  head: 'UPDATE users SET a = 1',
  where: 'a IS NULL',
  targetMs: 20,
  maxBatchRows: 500,
  lockTimeoutMs: 200,
  maxLagBytes: 1e9,
  sliceMs: 2_000,
}

function state(change: Partial<BackfillState>): BackfillState {
  return {
    phase: 'pass',
    passes: 0,
    seenRows: 0,
    totalRows: 10_000,
    changedRows: 0,
    batchRows: 500,
    batches: 0,
    lockWaits: 0,
    pausedMs: 0,
    pausedBy: null,
    remainingRows: 0,
    ...change,
  }
}

/** A slice takes two seconds, whatever it says. */
async function run(slices: readonly (BackfillState | BackflipError)[], signal = new AbortController().signal) {
  let nowMs = 0
  let asked = 0
  const seen: BackfillProgress[] = []
  const backfill = async () => {
    const slice = slices[Math.min(asked, slices.length - 1)]
    asked += 1
    if (slice === undefined || slice instanceof BackflipError) throw slice ?? new Error('no slice')
    nowMs += 2_000
    return slice
  }
  const clock = {
    now: () => new Date(nowMs).toISOString(),
    monotonicMs: () => nowMs,
    sleep: async (ms: number) => {
      nowMs += ms
    },
  }
  const database = { backfill } as unknown as Database
  const end = runBackfill({ database, clock, ask: ASK, signal, progress: (one) => void seen.push(one) })
  return { end: await end.catch((error: unknown) => error), seen, asked }
}

const held = new BackflipError('held', { code: 'backfill-held', kind: 'held' })

describe('runBackfill', () => {
  it('says how fast it goes and how long the pass will take, from two looks at the same pass', async () => {
    const { seen } = await run([
      state({ seenRows: 1_000 }),
      state({ seenRows: 5_000 }),
      state({ passes: 1, phase: 'sweep', seenRows: 9_000 }),
      state({ passes: 2, phase: 'done' }),
    ])
    expect(seen.map(({ rowsPerSecond, leftMs }) => [rowsPerSecond, leftMs])).toEqual([
      [0, null],
      [2_000, 2_500],
      [0, null],
      [0, null],
    ])
  })

  it('waits for the session of a killed caller, and goes on', async () => {
    const { end, asked } = await run([held, held, state({ phase: 'done' })])
    expect([end, asked]).toEqual([state({ phase: 'done' }), 3])
  })

  it('does not wait for a colleague who works on it: it says who has it', async () => {
    const { end, asked } = await run([held])
    expect(end).toMatchObject({ code: 'backfill-held', kind: 'held' })
    expect(asked).toBeLessThan(20)
  })

  it('interrupted, it ends after the slice at hand and says that nothing is lost', async () => {
    const { end, asked } = await run([state({})], AbortSignal.abort())
    expect(end).toMatchObject({ code: 'interrupted', details: ['it goes on where it stands'] })
    expect(asked).toBe(0)
  })
})
