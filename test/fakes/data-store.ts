import type { OperationId, SnapshotName } from '../../src/domain/ids.ts'
import type { Place } from '../../src/drivers/incus/data/plan-swap.ts'
import { type FakeServer, fakeServer } from './database.ts'

/** What makes an instance the live one besides name and data. */
export interface FakeSeat {
  readonly address: string | null
  readonly startsAtBoot: boolean
}

export const NO_SEAT: FakeSeat = { address: null, startsAtBoot: false }

/** What an act of a swap replaced, so that its opposite can put it back. */
export type FakeMemory = Place & { readonly seat: FakeSeat; readonly since: string }

export interface FakeSnapshot {
  readonly createdAt: string
  readonly expiresAt: string | null
  readonly server: FakeServer
}

export interface FakeContainer extends Place {
  /** False for a stranger's. */
  readonly isOurs: boolean
  readonly since: string
  readonly isRunning: boolean
  readonly seat: FakeSeat
  readonly server: FakeServer
  readonly snapshots: ReadonlyMap<SnapshotName, FakeSnapshot>
  /** The snapshot that it was stopped for. */
  readonly stoppedFor: SnapshotName | null
  readonly left: FakeMemory | null
  readonly before: FakeMemory | null
}

/** Where one data service lives: its instances by name, the pool they lie in, and the greatest generation that was here. */
export interface FakeStore {
  readonly kind: 'postgres' | 'files'
  readonly instance: string
  readonly containers: Map<string, FakeContainer>
  fence: number
  isAtomic: boolean
  freeBytes: number
  /** What one snapshot takes. */
  readonly snapshotBytes: number
  /** Nobody answers. */
  isDown: boolean
  /** Backups and the archived log, elsewhere; null: the configuration names none. */
  repository: FakeRepository | null
}

export interface FakeRepository {
  readonly backups: { readonly label: string; readonly systemId: string; readonly position: number }[]
  /** The log up to here is in the archive; what is behind it is being written, or cannot be archived. */
  archivedTo: number
  archiving: 'works' | 'fails'
  isReachable: boolean
}

export function fakeRepository(): FakeRepository {
  return { backups: [], archivedTo: 0, archiving: 'works', isReachable: true }
}

const POOL_BYTES = 1024 ** 3

export function fakeStore(
  ask: {
    readonly kind?: FakeStore['kind']
    readonly instance?: string
    readonly isAtomic?: boolean
    readonly isBackedUp?: boolean
  } = {},
): FakeStore {
  const { kind = 'postgres', instance = 'data', isAtomic = true } = ask
  const seat = { address: '10.0.0.2', startsAtBoot: true }
  return {
    kind,
    instance,
    isAtomic,
    containers: new Map([[instance, container({ isRunning: true, seat })]]),
    fence: 0,
    freeBytes: POOL_BYTES,
    snapshotBytes: 1024 ** 2,
    isDown: false,
    repository: ask.isBackedUp === true ? fakeRepository() : null,
  }
}

export const FAKE_POOL_BYTES = POOL_BYTES

export function container(change: Partial<FakeContainer> = {}): FakeContainer {
  return {
    isOurs: true,
    role: null,
    operation: null,
    isSeated: false,
    since: '',
    isRunning: false,
    seat: NO_SEAT,
    server: fakeServer(),
    snapshots: new Map(),
    stoppedFor: null,
    left: null,
    before: null,
    ...change,
  }
}

export function memoryOf({ role, operation, seat, since }: FakeContainer): FakeMemory {
  return { role, operation, isSeated: false, seat, since }
}

/** The time at which an act happened and who did it: the same for each of its changes. */
export interface FakeStamp {
  readonly operation: OperationId
  readonly since: string
}
