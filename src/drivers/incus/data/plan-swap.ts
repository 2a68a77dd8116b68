import { refusal } from '../../../domain/errors.ts'
import type { OperationId } from '../../../domain/ids.ts'

export type Role = 'live' | 'copy' | 'kept'

/** What an instance's labels say of it, as far as a swap needs it. Null: no label, as the original has none. */
export interface Place {
  readonly role: Role | null
  readonly operation: OperationId | null
  /**
   * Whether it has all that the seat is. Taking one needs two changes: with the change that brings a device Incus forgets the hardware address that
   * came with it.
   */
  readonly isSeated: boolean
}

/** Who has the three names now; null: nobody. */
export interface SwapView {
  readonly live: Place | null
  readonly copy: Place | null
  readonly kept: Place | null
}

/**
 * One change of one instance. A *seat* is what makes an instance the live one besides its name and its data: network, volumes, limits, start at boot.
 *
 * Forward: the live one leaves its seat, gets the kept name, the copy takes the seat, then its hardware addresses, gets the live name. Each has its
 * opposite.
 */
export type SwapAct =
  | 'leave-seat'
  | 'live-to-kept'
  | 'take-seat'
  | 'take-addresses'
  | 'copy-to-live'
  | 'live-to-copy'
  | 'give-seat-back'
  | 'kept-to-live'
  | 'take-devices'
  | 'sit-again'

/** The next act, or null when there is none left. Looks only at what is there, so it goes on from wherever somebody died. Error `swap-impossible`. */
export function nextSwapAct(direction: 'forward' | 'back', view: SwapView, operation: OperationId): SwapAct | null {
  const { live, copy, kept } = view
  const hasLeft = (place: Place) => place.role === 'kept' && place.operation === operation
  const hasTaken = (place: Place) => place.role === 'live' && place.operation === operation
  const isForward = direction === 'forward'
  if (live !== null && copy !== null && kept === null) {
    if (isForward) return hasLeft(live) && !live.isSeated ? 'live-to-kept' : 'leave-seat'
    if (!hasLeft(live)) return null
    return live.isSeated ? 'sit-again' : 'take-devices'
  }
  if (live === null && copy !== null && kept !== null && hasLeft(kept)) {
    if (isForward && hasTaken(copy)) return copy.isSeated ? 'copy-to-live' : 'take-addresses'
    if (isForward) return 'take-seat'
    return hasTaken(copy) ? 'give-seat-back' : 'kept-to-live'
  }
  if (live !== null && copy === null && kept !== null && hasTaken(live) && hasLeft(kept))
    return isForward ? null : 'live-to-copy'
  throw refusal('the instances are not where this swap could have left them', {
    code: 'swap-impossible',
    details: Object.entries(view).map(([name, place]) => `${name}: ${told(place)}`),
    hint: 'backflip status',
  })
}

function told(place: Place | null): string {
  if (place === null) return 'nobody has the name'
  return place.role === null ? 'an instance without our labels' : `${place.role}, by ${place.operation}`
}

/** Where a swap stands. Whose it was is not asked: the names are the operation's own. */
export function whereSwapStands({ live, copy, kept }: SwapView): 'no' | 'half' | 'yes' {
  if (live !== null && kept === null && live.role !== 'kept') return 'no'
  return live !== null && copy === null && kept !== null ? 'yes' : 'half'
}
