import { describe, expect, it } from 'vitest'
import type { ComponentName } from '../../../domain/ids.ts'
import type { Place } from './addresses.ts'
import { type PlacementFacts, placeInstances } from './placement.ts'

const web = 'web' as ComponentName
const api = 'api' as ComponentName
const place = (component: ComponentName, nth = 1) =>
  ({ component, nth, address: { name: `${component}-${nth}` } }) as unknown as Place
const facts = (members: readonly string[], others: PlacementFacts['others'] = [], memberCount = members.length) => ({
  members,
  memberCount,
  others,
})
const where = (places: readonly Place[], of: PlacementFacts) => [...placeInstances(places, of).values()]

describe('placement', () => {
  it('spreads the instances of a component, and components over members', () => {
    expect(where([place(web), place(web, 2)], facts(['a', 'b']))).toEqual(['a', 'b'])
    expect(where([place(api), place(web)], facts(['a', 'b']))).toEqual(['a', 'b'])
  })

  it('keeps away from the other color', () => {
    expect(where([place(web)], facts(['a', 'b'], [{ component: web, member: 'a' }]))).toEqual(['b'])
    expect(where([place(web)], facts(['a', 'b'], [{ component: web, member: 'b' }]))).toEqual(['a'])
  })

  it('refuses both colors’ only instances on one member of several, also when the others are down', () => {
    const both = facts(['a'], [{ component: web, member: 'a' }], 2)
    expect(() => where([place(web)], both)).toThrow(
      expect.objectContaining({ code: 'same-member', kind: 'refused', hint: expect.stringContaining('[a]') as string }),
    )
    expect(where([place(web)], { ...both, memberCount: 1 })).toEqual(['a'])
  })

  it('lets it be when the other color has another member too', () => {
    const others = [
      { component: web, member: 'a' },
      { component: web, member: 'b' },
    ]
    expect(where([place(web)], facts(['a'], others, 2))).toEqual(['a'])
  })

  it('says so when nobody answers', () => {
    expect(() => where([place(web)], facts([], [], 2))).toThrow(expect.objectContaining({ code: 'no-member' }))
  })
})
