import { describe, expect, it } from 'vitest'
import { parseOperationId } from '../../../domain/ids.ts'
import { nextSwapAct, type Place, type SwapAct, type SwapView, whereSwapStands } from './plan-swap.ts'

const mine = parseOperationId('01890000-0000-7000-8000-000000000001')
const other = parseOperationId('01890000-0000-7000-8000-000000000002')
const ORIGINAL: Place = { role: null, operation: null, isSeated: false }
const LEFT: Place = { role: 'kept', operation: mine, isSeated: false }
const TAKEN: Place = { role: 'live', operation: mine, isSeated: false }
const whole = (place: Place | null) => place && { ...place, isSeated: true }
/** Only between two acts it is asked for. */
const gone = (place: Place | null) => place && { ...place, isSeated: false }

/** What each act does to who has which name. */
const ACTS: { readonly [act in SwapAct]: (view: SwapView, old: SwapView) => SwapView } = {
  'leave-seat': (view) => ({ ...view, live: LEFT }),
  'live-to-kept': (view) => ({ ...view, live: null, kept: view.live }),
  'take-seat': (view) => ({ ...view, copy: TAKEN }),
  'take-addresses': (view) => ({ ...view, copy: whole(view.copy) }),
  'copy-to-live': (view) => ({ ...view, copy: null, live: gone(view.copy) }),
  'live-to-copy': (view) => ({ ...view, live: null, copy: view.live }),
  'give-seat-back': (view, old) => ({ ...view, copy: old.copy }),
  'kept-to-live': (view) => ({ ...view, kept: null, live: view.kept }),
  'take-devices': (view) => ({ ...view, live: whole(view.live) }),
  'sit-again': (view, old) => ({ ...view, live: old.live }),
}

function walk(direction: 'forward' | 'back', from: SwapView, old: SwapView): readonly SwapView[] {
  const seen = [from]
  for (;;) {
    const view = seen.at(-1) ?? from
    const act = nextSwapAct(direction, view, mine)
    if (act === null) return seen
    seen.push(ACTS[act](view, old))
    if (seen.length > 10) throw new Error(`it does not end: ${act}`)
  }
}

describe.each([
  ['a copy', ORIGINAL, { role: 'copy', operation: mine, isSeated: false } as const],
  [
    'what a restore kept',
    { role: 'live', operation: other, isSeated: false } as const,
    { role: 'kept', operation: other, isSeated: false } as const,
  ],
])('a swap with %s', (_what, live, copy) => {
  const start: SwapView = { live, copy, kept: null }
  const points = walk('forward', start, start)

  it('takes five acts, and is half done between the first and the last', () => {
    expect(points).toHaveLength(6)
    expect(points.map(whereSwapStands)).toEqual(['no', 'half', 'half', 'half', 'half', 'yes'])
    expect(points.at(-1)).toEqual({ live: TAKEN, copy: null, kept: LEFT })
  })

  it('goes on from each point to its end, and back from each to where it began', () => {
    for (const point of points) {
      expect(walk('forward', point, start).at(-1)).toEqual(points.at(-1))
      for (const half of walk('back', point, start)) {
        expect(walk('back', half, start).at(-1)).toEqual(start)
        expect(walk('forward', half, start).at(-1)).toEqual(points.at(-1))
      }
    }
  })
})

describe('a swap that could not have left things so', () => {
  const copy: Place = { role: 'copy', operation: mine, isSeated: false }
  it.each<[string, SwapView]>([
    ['nobody is there', { live: null, copy: null, kept: null }],
    ['the kept name is taken', { live: ORIGINAL, copy, kept: { role: 'kept', operation: other, isSeated: false } }],
    ['the copy is gone', { live: ORIGINAL, copy: null, kept: null }],
    [
      'another swap kept what is there',
      { live: null, copy, kept: { role: 'kept', operation: other, isSeated: false } },
    ],
    ['another swap was done', { live: { role: 'live', operation: other, isSeated: false }, copy: null, kept: LEFT }],
  ])('is refused: %s', (_why, view) => {
    expect(() => nextSwapAct('forward', view, mine)).toThrow(expect.objectContaining({ code: 'swap-impossible' }))
    expect(() => nextSwapAct('back', view, mine)).toThrow(expect.objectContaining({ code: 'swap-impossible' }))
  })
})
