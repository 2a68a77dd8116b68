import { COLORS, type Color, isColor } from '../domain/color.ts'
import { BackflipError } from '../domain/errors.ts'
import type { EnvironmentRecord } from '../domain/history/record.ts'
import type { Found, FoundRelease } from '../domain/journal.ts'
import { refuseWhileOpen } from '../domain/plan/guards.ts'
import type { EdgeView } from '../ports/edge.ts'
import type { Instance, ListedInstance } from '../ports/runtime.ts'
import type { Environment, RunOptions } from './environment.ts'
import { anchorOf } from './observe.ts'
import { loadRecord } from './record.ts'
import { hasSamePast } from './same-past.ts'
import { withLease } from './with-lease.ts'

/**
 * Makes this journal the edge's own: in place of another one that the edge knows, of entries that were lost, or of what somebody did by hand. What
 * the edge serves stays, and where the journal says otherwise it says what was found from here on. Returns that; null when both agreed.
 */
export async function adopt(environment: Environment, reason: string, options: RunOptions = {}): Promise<Found | null> {
  return withLease(environment, 'adopt', options, async ({ lease }) => {
    const { edge, journal, actor, runtime } = environment
    const [record, view, instances] = [await loadRecord(journal), await edge.read(), await runtime.list()]
    // In a journal that is whole an open operation is what happened: it is settled first.
    const isWhole = await hasSamePast(environment, view.anchor)
    if (isWhole) refuseWhileOpen(record)
    const found = findOtherwise(record, view, seenOnly(instances), isWhole)
    const previous = view.anchor?.journal ?? null
    await journal.append(lease.token, [
      {
        operation: null,
        actor,
        fact: { kind: 'journal-adopted', previous, reason, ...(found === null ? {} : { found }) },
      },
    ])
    await edge.fence({ anchor: await anchorOf(environment), adopt: true })
    return found
  })
}

/** What is written from here on is believed: nothing is written that nobody could see. */
function seenOnly(instances: readonly ListedInstance[]): readonly Instance[] {
  const unseen = instances.filter(({ state }) => state === 'unknown')
  if (unseen.length === 0) return instances.filter((one) => one.state !== 'unknown')
  throw new BackflipError('some instances are on a host that does not answer, and nobody can say what they are', {
    code: 'instances-unseen',
    kind: 'person',
    details: unseen.map(({ name }) => name),
    hint: 'bring that host back, then the same command again',
  })
}

/** Pure. What serves and stands by, when that is not what the journal says; error `live-unknown` when nobody can say which release serves. */
function findOtherwise(
  record: EnvironmentRecord,
  view: EdgeView,
  instances: readonly Instance[],
  isWhole: boolean,
): Found | null {
  const live = (view.memory ?? view.file)?.live
  if (!isColor(live) || (isWhole && record.live?.color === live)) return null
  const colors = { blue: foundOn('blue', instances), green: foundOn('green', instances) }
  if (colors[live] !== null) return agrees(record, live, colors) ? null : { live, colors }
  throw new BackflipError(`the edge sends traffic to ${live}, and its instances do not say which one release it is`, {
    code: 'live-unknown',
    kind: 'person',
    details: instances.filter(({ color }) => color === live).map(({ name, sha }) => `${name}: ${sha}`),
    hint: 'backflip status',
  })
}

/** What all instances of a color say that they are; null when there is none, or they differ. */
function foundOn(color: Color, instances: readonly Instance[]): FoundRelease | null {
  const [first, ...others] = instances.filter((one) => one.color === color)
  if (first === undefined) return null
  const isOne = others.every(({ sha, operation }) => sha === first.sha && operation === first.operation)
  return isOne ? { sha: first.sha, operation: first.operation } : null
}

function agrees({ open, live, colors }: EnvironmentRecord, served: Color, found: Found['colors']): boolean {
  if (open !== null || live?.color !== served) return false
  return COLORS.every((color) => colors[color].sha === (found[color]?.sha ?? null))
}
