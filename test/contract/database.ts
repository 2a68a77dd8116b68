import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { exportLost } from '../../src/domain/data/export-lost.ts'
import type { Database, DataLoss } from '../../src/ports/database.ts'

/** A database with the table `public.orders` (id, what), and people who write to it as the app does. */
export interface DatabaseWorld {
  readonly database: Database
  /** Rows in one transaction of the app's. */
  insert(from: number, count: number): Promise<void>
  update(from: number, count: number): Promise<void>
  remove(from: number, count: number): Promise<void>
  /** Work that is taken back at its end. */
  insertAndRollBack(from: number, count: number): Promise<void>
  openSession(): Promise<void>
  /** Taken at one moment while it runs, started beside it. */
  copy(): Promise<DatabaseWorld>
  close(): Promise<void>
}

/** What every data service with rows must do for a restore that can be trusted. */
export function databaseContract(name: string, make: () => Promise<DatabaseWorld>): void {
  describe(`${name} is a database`, () => {
    const worlds: DatabaseWorld[] = []
    let world: DatabaseWorld
    let database: Database
    beforeEach(async () => {
      world = await make()
      worlds.push(world)
      database = world.database
    })
    afterEach(async () => {
      for (const one of worlds.splice(0)) await one.close()
    })
    const copy = async () => {
      const made = await world.copy()
      worlds.push(made)
      return made
    }

    it('says where it stands', async () => {
      await world.insert(1, 3)
      const facts = await database.facts()
      expect(facts).toMatchObject({ timeline: 1, isInRecovery: false, replicas: [], slots: [], tablesLeftOut: 0 })
      expect(facts.systemId).toMatch(/^\d+$/)
      expect(facts.schemaFingerprint).toMatch(/^[0-9a-f]{64}$/)
      expect(facts.tables.map((table) => table.name)).toEqual(['public.orders'])
      expect((await database.facts()).schemaFingerprint).toBe(facts.schemaFingerprint)
    })

    it('the loss preview is the truth to the row: no more than was committed, no less', async () => {
      await world.insert(1, 10)
      const mark = await database.mark('pre-deploy-1')
      expect(await database.lossSince(mark)).toMatchObject({
        transactions: 0,
        tables: [],
        lastWriteAt: null,
        isExact: true,
      })
      await world.insert(11, 5)
      await world.insertAndRollBack(100, 7)
      await world.update(1, 3)
      await world.remove(4, 2)
      await database.stopWriters()
      const loss = await database.lossSince(mark)
      expect(loss).toMatchObject({ transactions: 3, isExact: true, bound: 'exact', reservations: [], source: 'log' })
      expect(ordersOf(loss)).toMatchObject({ inserted: 5, updated: 3, deleted: 2 })
      expect(loss.lastWriteAt).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/)
      expect(loss.walBytes).toBeGreaterThan(0)
    })

    it('the loss is counted from the moment of the copy, also when writers went on between the mark and it', async () => {
      const mark = await database.mark('pre-deploy-1')
      await world.insert(1, 4)
      const clone = await copy()
      await world.insert(5, 2)
      const { isVerified, recoveredTo, checks } = await clone.database.verify(mark)
      expect(isVerified, JSON.stringify(checks)).toBe(true)
      expect(recoveredTo).not.toBeNull()
      const loss = await database.lossSince(mark, recoveredTo === null ? {} : { from: recoveredTo })
      expect(loss).toMatchObject({ transactions: 1, isExact: true })
      expect(ordersOf(loss)).toMatchObject({ inserted: 2, updated: 0, deleted: 0 })
      expect(ordersOf(await database.lossSince(mark))).toMatchObject({ inserted: 6 })
    })

    it('a mark that this history does not hold is refused, not counted', async () => {
      const clone = await copy()
      const mark = await database.mark('later')
      await expect(clone.database.lossSince(mark)).rejects.toMatchObject({
        code: 'database-mark-unknown',
        kind: 'refused',
      })
    })

    it('a marker is in every copy that was taken after it, and in none from before; a name used again replaces it', async () => {
      const before = await copy()
      const first = await database.mark('pre-deploy-1')
      const after = await copy()
      expect(await before.database.hasMarker('pre-deploy-1')).toBe(false)
      expect(await after.database.hasMarker('pre-deploy-1')).toBe(true)
      const second = await database.mark('pre-deploy-1')
      expect(second.at > first.at).toBe(true)
      expect((await after.database.verify(second)).isVerified).toBe(false)
    })

    it('when writers are stopped nobody writes; the state is in the server, and doing it twice is doing it once', async () => {
      await world.openSession()
      expect(await database.writers()).toMatchObject({ state: 'allowed' })
      expect(await database.connections()).toHaveLength(1)
      await database.stopWriters()
      await database.stopWriters()
      expect(await database.writers()).toEqual({ state: 'stopped', remaining: [] })
      expect(await database.connections()).toEqual([])
      await expect(world.insert(1, 1)).rejects.toThrow('too many connections')
      const clone = await copy()
      expect(await clone.database.writers()).toMatchObject({ state: 'stopped' })
      await database.allowWriters()
      await database.allowWriters()
      expect(await database.writers()).toMatchObject({ state: 'allowed' })
      await world.insert(1, 1)
    })

    it('the export has the rows that exist only in the newer side, and no other', async () => {
      await world.insert(1, 5)
      const clone = await copy()
      await world.insert(6, 2)
      await world.update(1, 1)
      await world.remove(2, 1)
      const lines: string[] = []
      for await (const { csv } of exportLost(database, clone.database)) for await (const line of csv) lines.push(line)
      expect(lines[0]).toBe('id,what\n')
      expect(new Set(lines.slice(1).map((line) => line.split(',')[0]))).toEqual(new Set(['1', '6', '7']))
      expect(lines).toHaveLength(4)
    })

    it('a timeline’s number that another server of this data had is not taken again', async () => {
      await world.insert(1, 3)
      const clone = await copy()
      expect(await clone.database.forkTimeline({ above: 12 })).toEqual({ timeline: 13 })
      expect(await clone.database.facts()).toMatchObject({ timeline: 13, isInRecovery: false })
      expect(await clone.database.forkTimeline({ above: 1 })).toEqual({ timeline: 14 })
    })

    it('a copy that is to become live opens a timeline of its own, with every row it had, and the first one stays on its own', async () => {
      await world.insert(1, 3)
      const clone = await copy()
      expect(await clone.database.forkTimeline({ above: 1 })).toEqual({ timeline: 2 })
      expect(await clone.database.facts()).toMatchObject({ timeline: 2, isInRecovery: false })
      await clone.insert(4, 1)
      expect((await database.facts()).timeline).toBe(1)
      const mark = await clone.database.mark('after')
      expect(await clone.database.lossSince(mark)).toMatchObject({ isExact: true, transactions: 0 })
    })

    it('answers again after a stop and a start; both may be repeated', async () => {
      await world.insert(1, 1)
      await database.stop()
      await database.stop()
      await expect(database.facts()).rejects.toMatchObject({ code: 'database-unreachable' })
      await database.start()
      await database.start()
      await database.waitUntilReady(30_000)
      expect((await database.facts()).tables).toHaveLength(1)
    })
  })
}

function ordersOf(loss: DataLoss): unknown {
  return loss.tables.find((table) => table.name === 'public.orders')
}
