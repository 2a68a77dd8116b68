import { describe, expect, it } from 'vitest'
import { packer, type TrafficRecord, unpacker } from './record.ts'
import { type Flip, summarize } from './summary.ts'

const one = { sha: '1'.repeat(40), color: 'blue' }
const two = { sha: '2'.repeat(40), color: 'green' }
const bad = { sha: '4'.repeat(40), color: 'blue' }

/** One is live from 1,000; two from 2,000 (begun) or 2,010 (acknowledged). */
const flips: readonly Flip[] = [
  { to: one, startedAt: 1_000, acknowledgedAt: 1_010 },
  { to: two, startedAt: 2_000, acknowledgedAt: 2_010 },
]

const record = (facts: Partial<TrafficRecord>): TrafficRecord => ({
  kind: 'keep-alive',
  sentAt: 1_500,
  doneAt: 1_505,
  who: one,
  wrong: null,
  ...facts,
})
const judge = (...records: readonly TrafficRecord[]) => summarize(records, { flips, bad: [bad.sha] })

describe('an answer is judged by who was live between question and answer', () => {
  it('either color may answer during a flip', () => {
    const both = judge(
      record({ sentAt: 2_003, doneAt: 2_005 }),
      record({ sentAt: 2_003, doneAt: 2_005, who: two }),
      record({ kind: 'slow', sentAt: 1_990, doneAt: 4_990 }),
      record({ kind: 'slow', sentAt: 1_990, doneAt: 4_990, who: two }),
    )
    expect(both).toMatchObject({ sent: 4, failed: 0, wrongColor: 0 })
  })

  it('the old color may not answer what was sent after the acknowledgement', () => {
    expect(judge(record({ sentAt: 2_013, doneAt: 2_015 }))).toMatchObject({ sent: 1, wrongColor: 1 })
  })

  it('the new color may not answer before the flip began', () => {
    expect(judge(record({ who: two }))).toMatchObject({ wrongColor: 1 })
  })

  it('the right color with another release may not answer at all', () => {
    expect(judge(record({ who: { ...one, sha: '3'.repeat(40) } }))).toMatchObject({ wrongColor: 1 })
  })
})

describe('what went wrong is told apart', () => {
  it('an error counts as failed, whoever said it, but for a release that is known to be bad', () => {
    const spoiled = record({ who: bad, wrong: 'status 500' })
    const withBad: readonly Flip[] = [{ to: bad, startedAt: 1_400, acknowledgedAt: 1_401 }]
    const summary = summarize([spoiled, record({ wrong: 'status 500' }), record({ who: null, wrong: 'ECONNRESET' })], {
      flips: [...flips.slice(0, 1), ...withBad, ...flips.slice(1)],
      bad: [bad.sha],
    })
    expect(summary.spoiled).toEqual({ [bad.sha]: 1 })
    expect(summary.failed).toBe(2)
    expect(summary.examples).toHaveLength(3)
  })

  it('a stream that ends is a failure only while its release is live', () => {
    const end = { kind: 'events-end', wrong: 'ended' } as const
    expect(judge(record({ ...end, sentAt: 1_400, doneAt: 1_505 }))).toMatchObject({ sent: 1, failed: 1 })
    expect(judge(record({ ...end, sentAt: 1_400, doneAt: 2_500 }))).toMatchObject({ sent: 0, failed: 0 })
  })

  it('what follows on a stream stays with the color where the stream began', () => {
    expect(judge(record({ kind: 'message', sentAt: 2_500, doneAt: 2_501 }))).toMatchObject({ sent: 1, wrongColor: 0 })
    expect(judge(record({ kind: 'socket', sentAt: 2_500, doneAt: 2_501 }))).toMatchObject({ sent: 1, wrongColor: 1 })
  })
})

it('a flip is timed by what clients saw of it', () => {
  const { flips: seen } = judge(
    record({ sentAt: 2_004, doneAt: 2_009 }),
    record({ sentAt: 2_005, doneAt: 2_008, who: two }),
    record({ sentAt: 2_015, doneAt: 2_018, who: two }),
  )
  expect(seen[1]).toEqual({ to: two, firstNewMs: 8, lastOldSentMs: -6 })
})

it('a record survives its way between the processes', () => {
  const { add, take } = packer()
  const log = unpacker()
  const records = [
    record({}),
    record({ who: null, wrong: 'ECONNRESET' }),
    record({ kind: 'message', who: two, wrong: 'status 500' }),
  ]
  for (const each of records) {
    add(each)
    log.add(take())
  }
  expect([...log.records()]).toEqual(records)
  expect(log.size).toBe(3)
})
