import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { History, operationId, r } from '../../../test/fakes/history.ts'
import { lastGoodBefore } from './good.ts'

/** One thing that may happen to an environment, as a short text that a failing property prints. */
const EVENTS = ['deploy', 'fail', 'revert', 'rollback', 'unsettled', 'cleanup', 'mark'] as const
const event = fc.tuple(fc.constantFrom(...EVENTS), fc.integer({ min: 1, max: 6 }))

function happen(history: History, [what, release]: readonly [(typeof EVENTS)[number], number]): History {
  switch (what) {
    case 'deploy':
      return history.deploy(release)
    case 'fail':
      return history.deploy(release, 'failed')
    case 'revert':
      return history.deploy(release, 'reverted')
    case 'rollback':
      return history.rollback(release)
    case 'unsettled':
      return history.rollback(release, 'unsettled')
    case 'cleanup':
      return history.cleanup()
    case 'mark':
      return history.fact({ kind: 'marked-good', sha: r(release), reason: 'it is' })
  }
}

describe('the record', () => {
  test('a checkpoint and the rest give what the whole gives', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 12 }), fc.nat(12), (events, at) => {
        const whole = events.reduce(happen, new History()).record
        const first = events.slice(0, at).reduce(happen, new History())
        // Saved as JSON and read again, as a store does.
        first.record = JSON.parse(JSON.stringify(first.record))
        expect(events.slice(at).reduce(happen, first).record).toEqual(whole)
      }),
    )
  })

  test('a deploy that is done is live, good, and its color started', () => {
    const { record } = new History().deploy(1)
    expect(record.live).toMatchObject({ color: 'blue', sha: r(1), operation: operationId(1) })
    expect(record.colors.blue).toMatchObject({ is: 'started', sha: r(1) })
    expect(record.served.map(({ fate }) => fate)).toEqual(['good'])
    expect(record.open).toBeNull()
    expect(record.last).toMatchObject({ kind: 'deploy', outcome: 'done' })
  })

  test('a deploy that failed changes nothing of what is live', () => {
    const before = new History().deploy(1).record
    const { record } = new History().deploy(1).deploy(2, 'failed')
    expect(record.live).toEqual(before.live)
    expect(record.served).toEqual(before.served)
    expect(record.blocked).toEqual([])
    expect(record.last).toMatchObject({ outcome: 'failed', phase: 'check' })
  })

  test('a revert gives the traffic back, blocks the release, and keeps since when the old one serves', () => {
    const before = new History().deploy(1).record
    const { record } = new History().deploy(1).deploy(2, 'reverted')
    expect(record.live).toEqual(before.live)
    expect(record.blocked).toMatchObject([{ sha: r(2), operation: operationId(2) }])
    expect(record.served.at(-1)).toMatchObject({ sha: r(2), fate: 'reverted' })
  })

  test('a rollback freezes deploys and marks what it left', () => {
    const { record } = new History().deploy(1).deploy(2).rollback(1)
    expect(record.freeze).toMatchObject({ operation: operationId(3) })
    expect(record.served.find(({ sha }) => sha === r(2))?.fate).toBe('rolled-away')
    const lifted = new History().deploy(1).deploy(2).rollback(1).fact({ kind: 'unfrozen', reason: 'fixed' }).record
    expect(lifted.freeze).toBeNull()
  })

  test('a rollback that nobody verified proves nothing: its target is unproven, and what it left is left', () => {
    const { record } = new History().deploy(1).deploy(2).rollback(1, 'unsettled')
    expect(record.live).toMatchObject({ sha: r(1) })
    expect(record.served.at(-1)).toMatchObject({ sha: r(1), fate: 'unproven' })
    expect(record.served.find(({ sha }) => sha === r(2))?.fate).toBe('rolled-away')
  })

  test('a release that is proved again is no longer blocked', () => {
    const { record } = new History().deploy(1).deploy(2, 'reverted').deploy(2)
    expect(record.blocked).toEqual([])
    expect(lastGoodBefore(record)).toBe(r(1))
  })

  test('the digest of a release is the one of its first deploy', () => {
    const { record } = new History().deploy(1).deploy(2).rollback(1)
    expect(record.ledger.map(({ sha }) => sha).toSorted()).toEqual([r(1), r(2)])
    expect(record.ledger.find(({ sha }) => sha === r(1))?.manifestSha256).toBe('a'.repeat(64))
  })

  test('a lease that was broken is nobody’s; the release of an older one changes nothing', () => {
    const holder = { actor: 'ann', host: 'h', pid: 1, processStart: '1', bootId: 'b' }
    const lease = { token: 2, kind: 'operation', holder, message: '', takenAt: '', heartbeats: 0 } as const
    const taken = new History().fact({ kind: 'lease-taken', lease, replaces: null })
    expect(taken.fact({ kind: 'lease-released', token: 1 }).record.lease).toEqual(lease)
    expect(taken.fact({ kind: 'lease-broken', token: 2, reason: 'gone' }).record.lease).toBeNull()
  })
})

test('the ledger keeps the digest of the first launch for ever, and the environment of the latest', () => {
  const history = new History().deploy(1)
  history.fact({
    kind: 'step-succeeded',
    step: 'launch',
    output: null,
    effects: [
      {
        effect: 'color-started',
        color: 'green',
        sha: r(1),
        manifestSha256: 'b'.repeat(64),
        environment: { web: { A: '2' } },
        fingerprints: {},
      },
    ],
    tookMs: 1,
    found: false,
  })
  expect(history.record.ledger).toEqual([
    { sha: r(1), manifestSha256: 'a'.repeat(64), environment: { web: { A: '2' } }, fingerprints: {} },
  ])
})
