import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { deleteInstance } from '../../src/drivers/incus/instances.ts'
import { parseInstanceName } from '../../src/drivers/incus/names.ts'
import { loadRecord } from '../../src/operations/record.ts'
import { R1, R2, type ShopWorld, shopWorld } from './shop-world.ts'

/** A hundred with BACKFLIP_LONG=100; the title says how many. */
const RUNS = Number(process.env.BACKFLIP_LONG ?? 5)
const LIMIT_MS = 180_000

const shop: ShopWorld = await shopWorld({ environment: ['snapshots: { minFree: 16MiB, verify: false }'] })
const { must, rows, served, within, write, writer } = shop

beforeAll(async () => {
  await shop.publish(R1, R2)
  await must('deploy', R1, '--yes')
}, LIMIT_MS)
afterAll(() => shop.end(), LIMIT_MS)

const record = () => within(({ journal }) => loadRecord(journal))

/** Steps of the last operation that needed a second try: there the product waited for something that it had made fail. */
async function triedTwice(): Promise<readonly string[]> {
  return within(async ({ journal }) => {
    const begun = await journal.read({ kinds: ['step-started'], newestFirst: true, limit: 40 })
    const { operation } = begun[0] ?? {}
    return begun.flatMap(({ operation: its, fact }) =>
      its === operation && fact.kind === 'step-started' && fact.attempt > 1 ? [fact.step] : [],
    )
  })
}

/** Writers from before the deploy until after it. What was acknowledged before the command was typed is older than its snapshot. */
async function deployWhileWriting(first: number): Promise<{ readonly acknowledged: readonly number[] }> {
  const running = writer(first)
  await expect.poll(() => running.acknowledged.length, { timeout: 30_000 }).toBeGreaterThan(2)
  const acknowledged = [...running.acknowledged]
  await must('deploy', R2, '--again', '--reason', 'a run', '--yes')
  await running.stop()
  await write([first + 9_000, first + 9_001])
  return { acknowledged }
}

/** How many rows the preview says would be lost, with the transactions to agree to. */
async function preview(snapshot: string): Promise<{ readonly inserted: number; readonly transactions: string }> {
  const { err } = await shop.backflip('restore', snapshot)
  expect(err, err).not.toMatch(/(at most|at least|about) [0-9]+ transactions/)
  return {
    inserted: Number(/public\.records: ([0-9]+) inserted/.exec(err)?.[1]),
    transactions: /([0-9]+) transactions/.exec(err)?.[1] ?? '',
  }
}

/** The undo's own kept side holds nothing that any run needs: a hundred of them would fill the pool. */
async function forgetKept(): Promise<void> {
  const kept = (await record()).replaced.at(-1)?.keptAs
  if (kept !== undefined) await deleteInstance(shop.world.client, parseInstanceName(kept))
}

describe(`on a real Incus, ${RUNS} times: writers running, a deploy, a restore and its undo`, () => {
  let [acknowledgedBefore, lostRows, done] = [0, 0, 0]

  it.each(Array.from({ length: RUNS }, (_, index) => index + 1))(
    'run %i: every commit acknowledged before the snapshot is there, the loss shown is the truth to the row, and the undo loses nothing',
    { timeout: LIMIT_MS },
    async (run) => {
      const { acknowledged } = await deployWhileWriting(run * 10_000)
      const all = await rows()
      const snapshot = (await record()).snapshots.at(-1)?.snapshot ?? ''
      // Only where its proof found the end of the snapshot's log, the loss can be told exactly.
      await must('snapshots', 'verify', snapshot)
      const { inserted, transactions } = await preview(snapshot)
      await must('restore', snapshot, '--max-lost', transactions, '--reason', 'a run', '--yes')
      expect(await triedTwice()).toEqual([])
      const restored = await rows()
      expect(restored).toEqual(expect.arrayContaining([...acknowledged]))
      expect(all.length - restored.length).toBe(inserted)
      expect(await served()).toEqual({ status: 200, sha: R1 })
      const operation = (await record()).replaced.at(-1)?.operation ?? ''
      await must('restore', '--undo', operation, '--max-lost', '0', '--reason', 'a run', '--yes')
      expect(await triedTwice()).toEqual([])
      expect(await rows()).toEqual(all)
      await forgetKept()
      await must('unfreeze', '--reason', 'a run')
      acknowledgedBefore += acknowledged.length
      lostRows += inserted
      done += 1
    },
  )

  it('says how many', () => {
    console.log(
      `${done} of ${RUNS} restores and undos; ${acknowledgedBefore} acknowledged commits, none missing; ${lostRows} lost rows, all foretold`,
    )
    expect(done).toBe(RUNS)
  })
})
