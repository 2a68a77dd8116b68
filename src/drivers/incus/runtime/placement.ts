import { refusal } from '../../../domain/errors.ts'
import type { ComponentName } from '../../../domain/ids.ts'
import type { Place } from './addresses.ts'

export interface PlacementFacts {
  /** Members that may be used and answer now, in their order. */
  readonly members: readonly string[]
  /** How many there would be if all answered. */
  readonly memberCount: number
  /** Where the other color's instances are. */
  readonly others: readonly { readonly component: ComponentName; readonly member: string }[]
}

/**
 * Spreads a color's instances over the members, in turn, and away from the other color's: a member that dies then takes neither both colors of a
 * component nor, with two instances, all of one. Pure. Null when there is one member to choose from by configuration: then there is nothing to choose.
 * Error `same-member` (kind `refused`) when both colors' only instances would be on one member of several.
 */
export function placeInstances(
  places: readonly Place[],
  { members, memberCount, others }: PlacementFacts,
): ReadonlyMap<string, string> {
  const load = new Map(members.map((member) => [member, others.filter((one) => one.member === member).length]))
  const placed = new Map<string, string>()
  for (const { component, address } of places) {
    const own = (member: string) =>
      places.filter((one) => one.component === component && placed.get(one.address.name) === member).length
    const other = (member: string) =>
      others.filter((one) => one.component === component && one.member === member).length
    const best = members.toSorted(
      (a, b) => own(a) - own(b) || other(a) - other(b) || (load.get(a) ?? 0) - (load.get(b) ?? 0) || (a < b ? -1 : 1),
    )[0]
    if (best === undefined)
      throw refusal('no member of the cluster answers', { code: 'no-member', hint: 'incus cluster list' })
    load.set(best, (load.get(best) ?? 0) + 1)
    placed.set(address.name, best)
  }
  if (memberCount > 1) refuseSameMember(places, placed, others)
  return placed
}

function refuseSameMember(
  places: readonly Place[],
  placed: ReadonlyMap<string, string>,
  others: PlacementFacts['others'],
): void {
  for (const component of new Set(places.map((place) => place.component))) {
    const own = new Set(
      places.filter((one) => one.component === component).map(({ address }) => placed.get(address.name)),
    )
    const other = new Set(others.filter((one) => one.component === component).map(({ member }) => member))
    const [only] = own
    if (own.size !== 1 || other.size !== 1 || only === undefined || !other.has(only)) continue
    throw refusal(`both colors of ${component} would be on the member ${only} alone`, {
      code: 'same-member',
      hint: `bring another member back (incus cluster list), or write runtime.targets: [${only}] to take that risk`,
    })
  }
}
