import { walBytesBetween } from '../../src/domain/data/lsn.ts'
import { BackflipError, refusal } from '../../src/domain/errors.ts'
import type { OperationId } from '../../src/domain/ids.ts'
import type { PointInTimeRecovery, RecoveryLook, RecoveryPoint } from '../../src/ports/point-in-time-recovery.ts'
import type { FakeRepository, FakeStore } from './data-store.ts'
import type { DataHost } from './data-touch.ts'
import { type FakeServer, lsnOf } from './database.ts'

const BACKUP_BYTES = 1024

/** Each change of a disk is a change of its own: a restored backup is not whole until its log is replayed. */
export function fakeRecovery(
  { world, operator, store }: DataHost,
  repository: FakeRepository,
  instance: string,
): PointInTimeRecovery {
  const ask = <T>(what: string, work: () => T | Promise<T>) =>
    world.call(operator, `recovery.${what}`, () => {
      if (!repository.isReachable) throw refusal('no repository', { code: 'recovery-unreachable' })
      return work()
    })
  const change = (what: string, apply: () => void) => world.change(operator, `${what} in ${instance}`, apply)
  const server = () => serverOf(store, instance)
  return {
    shortcomings: () =>
      ask('shortcomings', () =>
        repository.backups.length > 0 ? [] : [{ message: 'no backup in the stanza', hint: 'pgbackrest backup' }],
      ),
    look: (point) => ask('look', () => lookAt(store, repository, point)),
    archive: (point) =>
      ask('archive', () => {
        if (isArchived(repository, point)) return
        if (repository.archiving === 'fails') throw lagging(point)
        repository.archivedTo = server().position
      }),
    recover: ({ point, backup, operation }) =>
      ask('recover', async () => {
        const then = server().points.get(point.name)
        if (then === undefined || !repository.backups.some(({ label }) => label === backup))
          throw new BackflipError('no such backup', { code: 'pgbackrest-failed', kind: 'failed' })
        await change('restore a backup', () => {
          server().beside.clear()
          server().beside.set(operation, null)
        })
        // No archive has that timeline yet: also not one that was left again.
        const timeline = 10 * server().timeline + server().beside.size
        const recovered = { ...structuredClone(then), timeline, isClosed: false, isRunning: false }
        await change('replay the log', () => void server().beside.set(operation, recovered))
        return { timeline }
      }),
    async takePlace({ operation, timeline }) {
      await world.call(operator, 'recovery.takePlace', () =>
        change('exchange the data', () => takePlace(server(), operation, timeline)),
      )
    },
    remove: (operation) =>
      world.call(operator, 'recovery.remove', () =>
        change('remove what was recovered', () => void server().beside.delete(operation)),
      ),
  }
}

function serverOf(store: FakeStore, instance: string): FakeServer {
  const found = store.containers.get(instance)
  if (found !== undefined) return found.server
  throw new BackflipError(`there is no ${instance}`, { code: 'no-instance', kind: 'failed' })
}

function lookAt(store: FakeStore, repository: FakeRepository, point: RecoveryPoint): RecoveryLook {
  if (repository.backups.length === 0) throw refusal('no backup at all', { code: 'recovery-no-stanza' })
  const backup = repository.backups
    .filter(({ systemId, position }) => systemId === point.systemId && bytesTo(position, point) >= 0)
    .at(-1)
  if (backup === undefined) throw refusal('no older backup', { code: 'recovery-no-backup' })
  if (!isArchived(repository, point) && repository.archiving === 'fails') throw lagging(point)
  if (store.freeBytes < BACKUP_BYTES) throw refusal('no room beside the data', { code: 'no-room' })
  const { label, position } = backup
  return {
    backup: { label, type: 'full', finishedAt: '2026-01-01T00:00:00.000Z', sizeBytes: BACKUP_BYTES },
    logBytes: bytesTo(position, point),
    freeBytes: store.freeBytes,
    isArchived: isArchived(repository, point),
  }
}

function bytesTo(position: number, { lsn }: RecoveryPoint): number {
  return walBytesBetween(lsnOf({ position }), lsn)
}

function isArchived({ archivedTo }: FakeRepository, point: RecoveryPoint): boolean {
  return bytesTo(archivedTo, point) <= 0
}

function lagging({ name }: RecoveryPoint): BackflipError {
  return refusal(`the archive does not have the log up to ${name}`, { code: 'recovery-not-archived' })
}

/** The server object stays: others hold it. Its restore points are the archive's. */
function takePlace(server: FakeServer, operation: OperationId, timeline: number): void {
  const recovered = server.beside.get(operation)
  if (recovered !== undefined && recovered !== null) {
    const {
      tables,
      counters,
      markers,
      points: _points,
      beside: _beside,
      log,
      torn,
      ran,
      shortcomings,
      ...plain
    } = recovered
    Object.assign(server, { ...plain, tables, counters, markers, log, torn, ran, shortcomings, isRunning: false })
    server.beside.delete(operation)
  }
  if (server.timeline !== timeline)
    throw new BackflipError('it was not recovered', { code: 'recovery-lost', kind: 'failed' })
}

/** Where the log stands, as a backup that ends now would have it. */
export function backUp(store: FakeStore): void {
  const server = serverOf(store, store.instance)
  const { repository } = store
  if (repository === null) throw new Error('nothing is backed up here')
  // A backup is in the log itself.
  server.position += 64
  repository.backups.push({
    label: `backup-${repository.backups.length + 1}F`,
    systemId: server.systemId,
    position: server.position,
  })
  repository.archivedTo = server.position
}
