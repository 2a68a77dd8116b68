import { type Color, isColor } from './color.ts'

/**
 * What the edge does with new requests. One text, one map entry, one atomic transition: `active:candidate:share:generation`.
 * - `live`       the color that gets the traffic; `none` before the first deploy and in maintenance (a stated page answers)
 * - `candidate`  the color that gets `share` of it, or null
 * - `share`      0 to 10,000 parts of ten thousand
 * - `generation` the fencing token at the edge: a writer with a smaller one is refused
 */
export interface EdgeState {
  readonly live: Color | 'none' | 'maintenance'
  readonly candidate: Color | null
  readonly share: number
  readonly generation: number
}

export const NO_TRAFFIC: EdgeState = { live: 'none', candidate: null, share: 0, generation: 0 }

export function formatEdgeState(state: EdgeState): string {
  return `${state.live}:${state.candidate ?? ''}:${state.share}:${state.generation}`
}

/** The state a text stands for, or null when it is none: the caller says what that means where it stands. */
export function parseEdgeState(text: string): EdgeState | null {
  const parts = text.split(':')
  if (parts.length !== 4) return null
  const [live, candidate, share, generation] = parts as [string, string, string, string]
  if (!isColor(live) && live !== 'none' && live !== 'maintenance') return null
  if (candidate !== '' && !isColor(candidate)) return null
  if (!/^\d{1,5}$/.test(share) || Number(share) > 10_000) return null
  if (!/^\d{1,9}$/.test(generation)) return null
  return { live, candidate: candidate === '' ? null : candidate, share: Number(share), generation: Number(generation) }
}

/** Whether two states send the same requests to the same places; the generation does not matter. */
export function sameTraffic(a: EdgeState, b: EdgeState): boolean {
  return (
    a.live === b.live && (a.share === b.share || a.candidate === b.candidate) && effectiveShare(a) === effectiveShare(b)
  )
}

function effectiveShare(state: EdgeState): string {
  return state.candidate === null || state.share === 0 ? '' : `${state.candidate}:${state.share}`
}
