import { describe, expect, it } from 'vitest'
import type { TrafficSummary } from '../traffic.ts'
import type { OperationTold } from './operations.ts'
import { ACTS, type Act, FIRST_ACT, RELEASES, type ReleaseName } from './story.ts'
import { judge, type Played } from './verdict.ts'

const acts: readonly Act[] = [FIRST_ACT, ...ACTS]
/** Who is live after each act, and between its beginning and its end. */
const FLIPS: readonly (readonly ReleaseName[])[] = [['r1'], ['r2'], [], ['r4', 'r2'], ['r5'], ['r2'], ['r1'], []]
const FAILED_IN = [null, null, 'check', 'verify', null, null, null, null]

function good(change: { readonly traffic?: Partial<TrafficSummary> } & Partial<Omit<Played, 'traffic'>> = {}): Played {
  const operations = acts.map(
    ({ outcome }, at) =>
      ({
        outcome,
        failedIn: FAILED_IN[at] ?? null,
        flips: (FLIPS[at] ?? []).map((name) => ({
          to: { sha: RELEASES[name].sha, color: 'blue' },
          startedAt: at,
          acknowledgedAt: at,
        })),
      }) as unknown as OperationTold,
  )
  const answers = { [RELEASES.r1.sha]: 10, [RELEASES.r2.sha]: 10, [RELEASES.r4.sha]: 10, [RELEASES.r5.sha]: 10 }
  const traffic: TrafficSummary = {
    sent: 10_000,
    byKind: {},
    bySha: answers,
    failed: 0,
    wrongColor: 0,
    spoiled: { [RELEASES.r4.sha]: 7 },
    examples: [],
    flips: FLIPS.flat().map((name) => ({
      to: { sha: RELEASES[name].sha, color: 'blue' },
      firstNewMs: 5,
      lastOldSentMs: -1,
    })),
    ...change.traffic,
  }
  return {
    exitCodes: acts.map(({ exitCode }) => exitCode),
    operations,
    isHistoryWhole: true,
    leftovers: [],
    ...change,
    traffic,
  }
}

const untrue = (played: Played) => judge(played).filter(({ isTrue }) => !isTrue)

describe('the demo ends well only when every number is what it should be', () => {
  it('as it does here', () => expect(untrue(good())).toEqual([]))

  it.each<[string, Played]>([
    ['one failed request', good({ traffic: { failed: 1 } })],
    ['one answer by the wrong color', good({ traffic: { wrongColor: 1 } })],
    ['hardly any traffic', good({ traffic: { sent: 100 } })],
    ['r4 did no harm', good({ traffic: { spoiled: {} } })],
    ['r2 answered with errors too', good({ traffic: { spoiled: { [RELEASES.r4.sha]: 7, [RELEASES.r2.sha]: 1 } } })],
    ['somebody saw r3', good({ traffic: { bySha: { ...good().traffic.bySha, [RELEASES.r3.sha]: 1 } } })],
    ['r5 never answered', good({ traffic: { bySha: { ...good().traffic.bySha, [RELEASES.r5.sha]: 0 } } })],
    [
      'a flip that no client saw',
      good({ traffic: { flips: good().traffic.flips.map((flip) => ({ ...flip, firstNewMs: null })) } }),
    ],
    ['another exit code', good({ exitCodes: acts.map(() => 0).map((code, at) => (at === 3 ? 1 : code)) })],
    ['an operation less', good({ operations: good().operations.slice(1) })],
    ['a broken history', good({ isHistoryWhole: false })],
    ['a process that stayed', good({ leftovers: ['haproxy -W'] })],
  ])('and not with %s', (_name, played) => {
    expect(untrue(played).length).toBeGreaterThan(0)
  })
})
