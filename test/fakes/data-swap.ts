import { refusal } from '../../src/domain/errors.ts'
import { nextSwapAct, type Place, type SwapAct, type SwapView } from '../../src/drivers/incus/data/plan-swap.ts'
import type { DataService } from '../../src/ports/data-service.ts'
import { type FakeContainer, type FakeMemory, type FakeStamp, type FakeStore, memoryOf, NO_SEAT } from './data-store.ts'
import { type DataHost, enter, mustBeOurs, touch } from './data-touch.ts'

type SwapAsk = Parameters<DataService['swap']>[0]
interface Names {
  readonly live: string
  readonly copy: string
  readonly kept: string
}

export async function swapFake(host: DataHost, direction: 'forward' | 'back', ask: SwapAsk): Promise<void> {
  const { store } = host
  enter(host, ask.fencedBy)
  const names = { live: store.instance, copy: ask.copy, kept: ask.keepAs }
  const stamp = { operation: ask.operation, since: host.world.clock.stamp() }
  for (;;) {
    for (const name of Object.values(names).filter((one) => store.containers.has(one))) mustBeStopped(store, name)
    const act = nextSwapAct(direction, swapViewOf(store, ask), ask.operation)
    if (act === null) return
    await touch(host, `${act} (${ask.copy})`, ask.fencedBy, () => perform(store, names, act, stamp))
  }
}

export function swapViewOf(store: FakeStore, { copy, keepAs }: Pick<SwapAsk, 'copy' | 'keepAs'>): SwapView {
  const place = (name: string): Place | null => store.containers.get(name) ?? null
  return { live: place(store.instance), copy: place(copy), kept: place(keepAs) }
}

function mustBeStopped(store: FakeStore, name: string): void {
  if (mustBeOurs(store, name).isRunning) throw refusal(`${name} still runs`, { code: 'still-running' })
}

function perform({ containers }: FakeStore, names: Names, act: SwapAct, stamp: FakeStamp): void {
  const change = (name: string, to: (one: FakeContainer) => FakeContainer) =>
    containers.set(name, to(found(containers, name)))
  const rename = (from: string, to: string) => {
    containers.set(to, found(containers, from))
    containers.delete(from)
  }
  const acts: { readonly [act in SwapAct]: () => void } = {
    'leave-seat': () =>
      change(names.live, (one) => {
        const left = one.isSeated ? one.left : memoryOf(one)
        return { ...one, ...stamp, role: 'kept', isSeated: false, seat: NO_SEAT, left }
      }),
    'live-to-kept': () => rename(names.live, names.kept),
    'take-seat': () => {
      const { seat } = remembered(found(containers, names.kept).left)
      change(names.copy, (one) => ({ ...one, ...stamp, role: 'live', seat, before: memoryOf(one) }))
    },
    'take-addresses': () => change(names.copy, (one) => ({ ...one, isSeated: true })),
    'copy-to-live': () => {
      rename(names.copy, names.live)
      change(names.live, (one) => ({ ...one, isSeated: false }))
    },
    'live-to-copy': () => rename(names.live, names.copy),
    'give-seat-back': () => change(names.copy, (one) => ({ ...one, ...remembered(one.before) })),
    'kept-to-live': () => rename(names.kept, names.live),
    'take-devices': () => change(names.live, (one) => ({ ...one, isSeated: true })),
    'sit-again': () => change(names.live, (one) => ({ ...one, ...remembered(one.left) })),
  }
  acts[act]()
}

function found(containers: FakeStore['containers'], name: string): FakeContainer {
  const one = containers.get(name)
  if (one === undefined) throw new Error(`the plan of the swap names ${name}, which is not there`)
  return one
}

function remembered(memory: FakeMemory | null): FakeMemory {
  if (memory === null) throw new Error('nothing was remembered')
  return memory
}
