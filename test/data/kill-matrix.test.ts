import { describe, expect, it } from 'vitest'
import type { Environment } from '../../src/operations/environment.ts'
import { r } from '../fakes/history.ts'
import type { Operator, Point } from '../fakes/operator.ts'
import { BEFORE_2, ranSql, restored, Shop, taken } from './shop.ts'

const MANY = 2_000
const FOREVER = new Promise<void>(() => undefined)

interface Death {
  /** Null: it lived to its end before the point came. */
  readonly at: Point | null
  readonly shop: Shop
}

/** A fresh shop in which the command dies (`kill -9`) at its n-th point. */
async function dieAt(
  n: number,
  command: (environment: Environment) => Promise<unknown>,
  ask: Parameters<typeof Shop.open>[0] = {},
): Promise<Death> {
  const shop = await Shop.open(ask)
  shop.order(11, 17)
  const { operator, environment } = shop.process('bob')
  let points = 0
  let at: Point | null = null
  shop.world.gate = {
    pass(who: Operator, point: Point) {
      if (who !== operator) return undefined
      points += 1
      if (points < n) return undefined
      at ??= point
      operator.dead = true
      return FOREVER
    },
    fault: () => undefined,
  }
  const work = command(environment).finally(() => {
    operator.finished = true
  })
  work.catch(() => undefined)
  for (let turns = 0; turns < MANY && !operator.dead && !operator.finished; turns += 1) {
    await new Promise((done) => setImmediate(done))
    if (!operator.dead && !operator.finished) shop.world.clock.advance(() => true)
  }
  expect(operator.dead || operator.finished).toBe(true)
  return { at, shop }
}

/** What must be so when somebody has taken it up, whichever way it ended. */
async function expectWhole(shop: Shop, orders: readonly number[], where: string): Promise<void> {
  const record = await shop.record()
  const said = `${where}: ${JSON.stringify({ names: shop.names(), edge: shop.world.edge.memory.live, orders: shop.orders() })}`
  expect(record.open, said).toBeNull()
  expect(record.maintenance, said).toBeNull()
  expect(shop.world.edge.memory.live, said).toBe(record.live?.color)
  expect(shop.world.edge.file?.state.live, said).toBe(record.live?.color)
  expect(shop.live, said).toMatchObject({ isRunning: true })
  expect(shop.server, said).toMatchObject({ isRunning: true, isClosed: false })
  expect(orders, said).toContain(shop.orders())
  expect([...shop.server.beside.keys()], said).toEqual([])
  const kept = record.replaced.map(({ keptAs }) => keptAs)
  expect(shop.names(), said).toEqual([shop.store.instance, ...kept].toSorted())
  // I6: nobody ordered a snapshot to go.
  expect(
    [...shop.store.containers.values()].some(({ snapshots }) => snapshots.has(BEFORE_2)),
    said,
  ).toBe(true)
}

const VERBS = ['resume', 'abort'] as const

const SOURCES = [
  ['a snapshot', { snapshot: BEFORE_2 }],
  ['backups', { snapshot: BEFORE_2, from: 'pgbackrest' }],
] as const

describe.each(VERBS.flatMap((verb) => SOURCES.map(([from, ask]) => [from, verb, ask] as const)))(
  'kill -9 at every point of a restore from %s, then %s',
  (_from, verb, ask) => {
    it('I1, I3, I5, I6: the data is one or the other, whole and open, and nothing is left over', async () => {
      let deaths = 0
      const refusals: { readonly end: unknown; readonly wrote: number }[] = []
      for (let n = 1; n <= MANY; n += 1) {
        const { at, shop } = await dieAt(n, restored(ask), { isBackedUp: true })
        if (at === null) break
        deaths += 1
        const where = `point ${n}, ${at.side} ${at.what}`
        if ((await shop.record()).open === null) {
          await expectWhole(shop, [10, 17], where)
          continue
        }
        const resumed = () => shop.type('eve', ({ journal }) => journal.read({ kinds: ['operation-resumed'] }))
        const before = await resumed()
        const end: unknown = await shop.type('cid', taken[verb]).catch((error: unknown) => error)
        if (verb === 'abort' && (end as { code?: string }).code === 'past-pivot') {
          refusals.push({ end, wrote: (await resumed()).length - before.length })
          await shop.type('cid', taken.resume)
        }
        const isForward = verb === 'resume'
        await expectWhole(shop, isForward ? [10] : [10, 17], where)
      }
      expect(deaths).toBeGreaterThan(100)
      // Past the point where users were let in nothing is aborted, and nothing is begun for it.
      expect(refusals.length > 0).toBe(verb === 'abort')
      for (const refusal of refusals)
        expect(refusal).toMatchObject({ end: { kind: 'refused', hint: 'backflip resume' }, wrote: 0 })
    }, 120_000)
  },
)

describe('kill -9 at every point of a run of SQL, then resume', () => {
  it.each([
    ['one transaction', 'ALTER TABLE users ADD COLUMN nick text;', 1],
    ['no single transaction', 'CREATE INDEX CONCURRENTLY i ON users (nick);', 1],
  ])(
    'I5: %s is run once, or a person is asked',
    async (_name, text, times) => {
      let deaths = 0
      for (let n = 1; n <= MANY; n += 1) {
        const { at, shop } = await dieAt(n, ranSql(text))
        if (at === null) break
        deaths += 1
        if ((await shop.record()).open !== null) await shop.type('cid', taken.resume)
        expect(shop.server.ran.length, `point ${n}, ${at.side} ${at.what}`).toBeLessThanOrEqual(times)
        const { live } = await shop.record()
        expect(live).toMatchObject({ sha: r(2) })
      }
      expect(deaths).toBeGreaterThan(30)
    },
    120_000,
  )
})
