import { BackflipError } from '../../../domain/errors.ts'
import type { DataService } from '../../../ports/data-service.ts'
import { awaitOthers } from '../await-others.ts'
import { renameInstance, replaceInstance, type SeenInstance } from '../instances.ts'
import { type InstanceName, parseInstanceName } from '../names.ts'
import { type DataHost, enter, findOurs, stampOf } from './host.ts'
import { placeOf, type Stamp } from './labels.ts'
import { nextSwapAct, type SwapAct, type SwapView, whereSwapStands } from './plan-swap.ts'
import { mustStand } from './power.ts'
import {
  giveSeatBack,
  hasAddresses,
  isReturning,
  leaveSeat,
  type Settings,
  sitAgain,
  takeAddresses,
  takeDevices,
  takeSeat,
} from './seat.ts'

type SwapAsk = Parameters<DataService['swap']>[0]

/** There and back again. */
const MOST_ACTS = 12

/** The three names of a swap, and who has them now. */
type Names = Readonly<Record<keyof SwapView, InstanceName>>
type Seen = Readonly<Record<keyof SwapView, SeenInstance | null>>

/** `DataService.swap` and `swapBack`: looks, does the one next thing, looks again. */
export async function swap(host: DataHost, direction: 'forward' | 'back', ask: SwapAsk): Promise<void> {
  const { client } = host
  const names = namesOf(host, ask)
  const check = await enter(host, ask.fencedBy)
  for (const name of Object.values(names)) await awaitOthers(client, name)
  const stamp = stampOf(host, ask.operation)
  for (let acts = 0; ; acts += 1) {
    const seen = await see(host, names)
    for (const one of Object.values(seen)) if (one !== null) mustStand(one)
    const act = nextSwapAct(direction, viewOf(seen), ask.operation)
    if (act === null) return
    if (acts >= MOST_ACTS) throw noEnd(act, names)
    await check()
    await perform(host, { act, names, seen, stamp })
  }
}

/** `DataService.swapped`. */
export async function swapped(
  host: DataHost,
  ask: Parameters<DataService['swapped']>[0],
): Promise<'no' | 'half' | 'yes'> {
  return whereSwapStands(viewOf(await see(host, namesOf(host, ask))))
}

function namesOf({ live }: DataHost, { copy, keepAs }: Pick<SwapAsk, 'copy' | 'keepAs'>): Names {
  return { live, copy: parseInstanceName(copy), kept: parseInstanceName(keepAs) }
}

async function see(host: DataHost, names: Names): Promise<Seen> {
  const [live, copy, kept] = await Promise.all([
    findOurs(host, names.live),
    findOurs(host, names.copy),
    findOurs(host, names.kept),
  ])
  return { live, copy, kept }
}

function viewOf({ live, copy, kept }: Seen): SwapView {
  return {
    live: live && { ...placeOf(live), isSeated: isReturning(live) },
    copy: copy && { ...placeOf(copy), isSeated: kept !== null && hasAddresses(copy, kept) },
    kept: kept && { ...placeOf(kept), isSeated: false },
  }
}

interface Performing {
  readonly act: SwapAct
  readonly names: Names
  readonly seen: Seen
  readonly stamp: Stamp
}

/** One call that changes something. Settings go with the ETag of what was seen. */
async function perform({ client }: DataHost, { act, names, seen, stamp }: Performing): Promise<void> {
  const rename = async (from: InstanceName, to: InstanceName) => void (await renameInstance(client, from, to))
  const replace = (who: keyof SwapView, next: (one: SeenInstance) => Settings) => {
    const one = there(seen, who)
    return replaceInstance(client, one, next(one))
  }
  switch (act) {
    case 'leave-seat':
      return replace('live', (live) => leaveSeat(live, stamp))
    case 'live-to-kept':
      return rename(names.live, names.kept)
    case 'take-seat':
      return replace('copy', (copy) => takeSeat(copy, there(seen, 'kept'), stamp))
    case 'take-addresses':
      return replace('copy', (copy) => takeAddresses(copy, there(seen, 'kept')))
    case 'copy-to-live':
      return rename(names.copy, names.live)
    case 'live-to-copy':
      return rename(names.live, names.copy)
    case 'give-seat-back':
      return replace('copy', giveSeatBack)
    case 'kept-to-live':
      return rename(names.kept, names.live)
    case 'take-devices':
      return replace('live', takeDevices)
    case 'sit-again':
      return replace('live', sitAgain)
  }
}

function noEnd(act: SwapAct, { live, copy, kept }: Names): BackflipError {
  return new BackflipError(`Incus does not keep what the swap of ${live} sets: ${act} again and again`, {
    code: 'swap-impossible',
    kind: 'failed',
    details: [`${copy} is the copy, ${kept} what was live`],
    hint: `incus config show ${live}`,
  })
}

function there(seen: Seen, who: keyof SwapView): SeenInstance {
  const one = seen[who]
  if (one === null) throw new Error(`the plan of the swap names the ${who} one, which is not there`)
  return one
}
