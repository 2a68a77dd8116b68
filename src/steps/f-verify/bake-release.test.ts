import { describe, expect, it } from 'vitest'
import { r } from '../../../test/fakes/history.ts'
import { StepBench } from '../../../test/fakes/step.ts'
import type { BakeParams } from '../../domain/plan/params.ts'
import type { EdgeCounters } from '../../ports/edge.ts'
import { bakeRelease } from './bake-release.ts'

type Look = readonly [worker: number, requests: number, serverErrors: number]

/** One look when the bake begins, and one a second. */
function bake(looks: readonly Look[], maxErrorRate = 1) {
  const left = [...looks]
  const counters = async (): Promise<EdgeCounters> => {
    const [worker, requests, serverErrors] = left.shift() ?? [0, 0, 0]
    return { worker, requests, serverErrors, responseMs: 1 }
  }
  const address = async () => ({ url: 'http://edge', preview: { header: 'x', token: 'x' } })
  const bench = new StepBench({ edge: { counters, address } })
  const ask: BakeParams = {
    color: 'green',
    sha: r(2),
    bakeMs: 1_000 * (looks.length - 1),
    intervalMs: 1_000,
    minRequests: 10,
    maxErrorRate,
    questions: [],
  }
  return bench.run(bakeRelease, ask)
}

describe('F: what the edge counted of a color while it baked', () => {
  const cases: readonly (readonly [string, readonly Look[], number, number])[] = [
    [
      'what was counted before the bake is not its own',
      [
        [1, 1_000, 500],
        [1, 1_020, 501],
      ],
      20,
      1,
    ],
    [
      'a reload in between: the new worker counts from nothing',
      [
        [1, 1_000, 0],
        [1, 1_010, 1],
        [2, 30, 2],
        [2, 50, 2],
      ],
      60,
      3,
    ],
    [
      'a reload after which more was counted than before it',
      [
        [1, 100, 50],
        [2, 2_000, 60],
      ],
      2_000,
      60,
    ],
    [
      'counters that began again in the same worker',
      [
        [1, 1_000, 10],
        [1, 40, 4],
      ],
      40,
      4,
    ],
  ]
  it.each(cases)('%s', async (_what, looks, requests, serverErrors) => {
    expect((await bake(looks)).output).toMatchObject({ requests, serverErrors })
  })

  it('errors that came before a reload still count against the release after it', async () => {
    const looks: readonly Look[] = [
      [1, 0, 0],
      [1, 8, 8],
      [2, 4, 0],
      [2, 1_000, 0],
    ]
    await expect(bake(looks, 0.5)).rejects.toMatchObject({
      code: 'too-many-errors',
      message: '8 of 12 answers of green were server errors: more than 50 %',
    })
  })
})
