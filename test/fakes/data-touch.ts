import { BackflipError, refusal } from '../../src/domain/errors.ts'
import type { OperationId, SnapshotName } from '../../src/domain/ids.ts'
import type { FakeContainer, FakeStore } from './data-store.ts'
import type { Operator } from './operator.ts'
import { fenced } from './refusals.ts'
import type { World } from './world.ts'

export interface DataHost {
  readonly world: World
  readonly operator: Operator
  readonly store: FakeStore
}

export function enter({ store }: DataHost, fencedBy: number | null): void {
  if (fencedBy === null) return
  if (store.fence > fencedBy) throw fenced(fencedBy)
  store.fence = fencedBy
}

/** Refused when a greater generation was here: asked again at every single change. */
export function touch(host: DataHost, what: string, fencedBy: number | null, apply: () => void): Promise<void> {
  return host.world.change(host.operator, what, () => {
    enter(host, fencedBy)
    apply()
  })
}

/** Changes one instance. */
export function set(
  host: DataHost,
  what: string,
  name: string,
  fencedBy: number | null,
  change: (one: FakeContainer) => FakeContainer,
): Promise<void> {
  const { containers } = host.store
  return touch(host, what, fencedBy, () => {
    const now = containers.get(name)
    if (now === undefined) throw new BackflipError(`there is no ${name}`, { code: 'no-instance', kind: 'failed' })
    containers.set(name, change(now))
  })
}

/** With `operation`: only what carries it, and never the live one or one that is on its way to be. */
export function mustBeOurs(store: FakeStore, name: string, operation?: OperationId): FakeContainer {
  const found = store.containers.get(name)
  if (found === undefined) throw new BackflipError(`there is no ${name}`, { code: 'no-instance', kind: 'failed' })
  const isIts =
    operation === undefined || (found.operation === operation && name !== store.instance && found.role !== 'live')
  if (found.isOurs && isIts) return found
  throw refusal(`${name} was not made by this operation`, { code: 'not-ours' })
}

export function noSuchSnapshot(name: SnapshotName): BackflipError {
  return refusal(`there is no snapshot ${name}`, { code: 'no-such-snapshot', hint: 'backflip snapshots list' })
}
