import type { Color } from '../../../domain/color.ts'
import { isIncusError } from '../errors.ts'
import type { Place } from './addresses.ts'
import type { RuntimeContext } from './context.ts'
import { survey } from './list.ts'
import { placeInstances } from './placement.ts'

interface WireMember {
  readonly server_name: string
  readonly status: string
}

/** For each container's name the member it is to be made on; none where there is no cluster. */
export async function chooseMembers(
  context: RuntimeContext,
  color: Color,
  places: readonly Place[],
): Promise<ReadonlyMap<string, string>> {
  const all = await listMembers(context)
  if (all === null) return new Map()
  const { targets } = context.config
  const chosen = targets.length === 0 ? all : all.filter(({ server_name: name }) => targets.includes(name))
  const others = (await survey(context)).owned.flatMap(({ instance, labels }) =>
    labels.oneOff === null && labels.color !== color
      ? [{ component: labels.component, member: instance.location }]
      : [],
  )
  return placeInstances(places, {
    members: chosen.filter(({ status }) => status === 'Online').map(({ server_name: name }) => name),
    memberCount: targets.length === 0 ? all.length : targets.length,
    others,
  })
}

/** Null when it is no cluster. */
async function listMembers({ client }: RuntimeContext): Promise<readonly WireMember[] | null> {
  try {
    const call = {
      method: 'GET',
      path: '/cluster/members',
      query: { recursion: '1' },
      what: 'look at the members',
    } as const
    const { metadata } = await client.call(call)
    return (metadata as readonly WireMember[]).toSorted((a, b) => (a.server_name < b.server_name ? -1 : 1))
  } catch (error) {
    if (isIncusError(error, 'incus-no-cluster')) return null
    throw error
  }
}
