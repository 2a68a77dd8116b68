import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type OperationId, parseOperationId } from '../../src/domain/ids.ts'
import type { Database, DatabaseMark } from '../../src/ports/database.ts'
import type { PointInTimeRecovery, RecoveryPoint } from '../../src/ports/point-in-time-recovery.ts'
import { recoveryPointOf } from '../../src/steps/recoveries.ts'

/** A database with orders, whose log is archived; nothing is backed up yet. */
export interface RecoveryWorld {
  readonly database: Database
  readonly recovery: PointInTimeRecovery
  /** Rows in one transaction of the app's. */
  insert(from: number, count: number): Promise<void>
  orders(): Promise<number>
  backup(): Promise<void>
  /** The file of the log that is written ends; with `fails` no file is archived from now on. */
  endLogFile(ask: { readonly fails: boolean }): Promise<void>
  /** What lies beside the data. */
  beside(): Promise<readonly string[]>
  /** Of the instance with all that lies beside the data, at one moment; started, and archiving nothing. */
  copy(): Promise<RecoveryCopy>
  close(): Promise<void>
}

export type RecoveryCopy = Omit<RecoveryWorld, 'backup' | 'endLogFile' | 'copy'> & {
  /** It archives into the same archive from now on. */
  readonly goLive: () => Promise<void>
}

const operation = (digit: number): OperationId =>
  parseOperationId(`00000000-0000-7000-8000-${String(digit).repeat(12)}`)

/** What a restore that does not need a snapshot relies on. One world, told in order: making one takes seconds. */
export function recoveryContract(name: string, make: () => Promise<RecoveryWorld>): void {
  describe(`${name} recovers to a point`, () => {
    let world: RecoveryWorld
    let point: RecoveryPoint
    let mark: DatabaseMark
    beforeAll(async () => {
      world = await make()
    }, 120_000)
    afterAll(() => world.close(), 60_000)

    const marked = async (called: string, database = world.database): Promise<DatabaseMark> => {
      const made = await database.mark(called)
      const name = `${called}-${made.xid}`
      return { ...made, point: { name, lsn: await database.restorePoint(name) } }
    }

    /** What was recovered and is live now has points of its own, and the same backup leads there over both timelines. */
    const canGoOn = async (copy: RecoveryCopy, label: string) => {
      await copy.goLive()
      await copy.insert(201, 5)
      const next = recoveryPointOf(await marked('next', copy.database))
      await copy.recovery.archive(next)
      const { backup, isArchived } = await copy.recovery.look(next)
      expect([backup.label, isArchived]).toEqual([label, true])
      const again = await copy.recovery.recover({ point: next, backup: label, operation: operation(4) })
      expect(again.timeline).toBeGreaterThan(next.timeline)
    }

    it('a point without any backup, and one with no older backup, are refused before anything is changed', async () => {
      const early = recoveryPointOf(await marked('early'))
      await expect(world.recovery.look(early)).rejects.toMatchObject({ code: 'recovery-no-stanza', kind: 'refused' })
      expect(await world.recovery.shortcomings()).toMatchObject([
        { message: expect.stringMatching('no backup') as unknown },
      ])
      await world.backup()
      expect(await world.recovery.shortcomings()).toEqual([])
      await expect(world.recovery.look(early)).rejects.toMatchObject({ code: 'recovery-no-backup', kind: 'refused' })
      const stranger = { ...early, systemId: '7000000000000000999' }
      await expect(world.recovery.look(stranger)).rejects.toMatchObject({ code: 'recovery-no-backup' })
      expect(await world.beside()).toEqual([])
    })

    it('the log of a point is archived when it is not yet, and not waited for when it is', async () => {
      await world.insert(1, 100)
      mark = await marked('pre-deploy')
      point = recoveryPointOf(mark)
      await world.insert(101, 50)
      expect(await world.recovery.look(point)).toMatchObject({ isArchived: false, backup: { type: 'full' } })
      await world.recovery.archive(point)
      await world.recovery.archive(point)
      expect(await world.recovery.look(point)).toMatchObject({ isArchived: true })
    })

    it('a backup that is gone is said, and the live one goes on', async () => {
      const gone = { point, backup: '20200101-000000F', operation: operation(3) }
      await expect(world.recovery.recover(gone)).rejects.toMatchObject({ kind: 'failed' })
      expect(await world.orders()).toBe(150)
    })

    it('has every row from before the point and none from after it, while the live one goes on', async () => {
      const { backup, logBytes } = await world.recovery.look(point)
      expect(logBytes).toBeGreaterThan(0)
      // A newer backup does not lead there.
      await world.backup()
      expect((await world.recovery.look(point)).backup).toEqual(backup)
      const { timeline } = await world.recovery.recover({ point, backup: backup.label, operation: operation(2) })
      // What one that failed had left is gone.
      expect(await world.beside()).toHaveLength(1)
      expect(timeline).toBeGreaterThan((await world.database.facts()).timeline)
      expect(await world.orders()).toBe(150)
      const copy = await world.copy()
      try {
        const lost = copy.recovery.takePlace({ operation: operation(1), timeline })
        await expect(lost).rejects.toMatchObject({ code: 'recovery-lost' })
        expect(await copy.orders()).toBe(150)
        await copy.recovery.takePlace({ operation: operation(2), timeline })
        await copy.recovery.takePlace({ operation: operation(2), timeline })
        expect(await copy.beside()).toEqual([])
        await copy.database.start()
        await copy.database.waitUntilReady(30_000)
        expect(await copy.orders()).toBe(100)
        const { isVerified, checks } = await copy.database.verify(mark)
        expect(isVerified, JSON.stringify(checks)).toBe(true)
        expect((await copy.database.facts()).timeline).toBe(timeline)
        await canGoOn(copy, backup.label)
      } finally {
        await copy.close()
      }
      const from = mark.point?.lsn
      const loss = await world.database.lossSince(mark, from === undefined ? {} : { from })
      expect(loss).toMatchObject({ transactions: 1, isExact: true })
    })

    it('what was recovered can be removed, also when it is gone', async () => {
      await world.recovery.remove(operation(2))
      await world.recovery.remove(operation(2))
      expect(await world.beside()).toEqual([])
      expect(await world.orders()).toBe(150)
    })

    it('an archive that lags is refused before anything is changed', async () => {
      await world.endLogFile({ fails: true })
      const late = recoveryPointOf(await marked('late'))
      await world.endLogFile({ fails: true })
      await expect(world.recovery.look(late)).rejects.toMatchObject({ code: 'recovery-not-archived', kind: 'refused' })
      await expect(world.recovery.archive(late)).rejects.toMatchObject({ code: 'recovery-not-archived' })
    })
  })
}
