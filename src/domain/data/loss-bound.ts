/** Where the truth lies beside a number; `ports/database.ts` has what is counted. */
export type Bound = 'exact' | 'at-least' | 'at-most' | 'about'

interface Counted {
  readonly isExact: boolean
  readonly bound: Bound
  readonly reservations: readonly string[]
}

/** A copy has a little more than its mark: what was written in between counts as lost, and is not. A proved snapshot says where it ends. */
export function countedFromMark<Loss extends Counted>(loss: Loss): Loss {
  const bound = loss.bound === 'exact' || loss.bound === 'at-most' ? 'at-most' : 'about'
  const why = 'counted from a moment before the snapshot, which was not proved yet: a little less may be lost'
  return { ...loss, isExact: false, bound, reservations: [...loss.reservations, why] }
}

/** Of several numbers added up. */
export function boundOf(counted: readonly Counted[]): Bound {
  const bounds = new Set(counted.map(({ bound }) => bound).filter((bound) => bound !== 'exact'))
  const [first] = bounds
  return first === undefined ? 'exact' : bounds.size === 1 ? first : 'about'
}
