import { expect, it } from 'vitest'
import { deleteInstance } from '../../src/drivers/incus/instances.ts'
import { parseInstanceName } from '../../src/drivers/incus/names.ts'
import { loadRecord } from '../../src/operations/record.ts'
import { R1, R2, type ShopWorld } from './shop-world.ts'

/** A hundred with BACKFLIP_LONG=100. */
export const RUNS = Number(process.env.BACKFLIP_LONG ?? 5)
const LIMIT_MS = 180_000

const recordOf = ({ within }: ShopWorld) => within(({ journal }) => loadRecord(journal))

/** Steps of the last operation that needed a second try: there the product waited for something that it had made fail. */
async function triedTwice({ within }: ShopWorld): Promise<readonly string[]> {
  return within(async ({ journal }) => {
    const begun = await journal.read({ kinds: ['step-started'], newestFirst: true, limit: 40 })
    const { operation } = begun[0] ?? {}
    return begun.flatMap(({ operation: its, fact }) =>
      its === operation && fact.kind === 'step-started' && fact.attempt > 1 ? [fact.step] : [],
    )
  })
}

/** Writers from before the deploy until after it. What was acknowledged before the command was typed is older than its snapshot. */
async function deployWhileWriting(
  { must, write, writer }: ShopWorld,
  first: number,
): Promise<{ readonly acknowledged: readonly number[] }> {
  const running = writer(first)
  await expect.poll(() => running.acknowledged.length, { timeout: 30_000 }).toBeGreaterThan(2)
  const acknowledged = [...running.acknowledged]
  await must('deploy', R2, '--again', '--reason', 'a run', '--yes')
  await running.stop()
  await write([first + 9_000, first + 9_001])
  return { acknowledged }
}

interface Foretold {
  readonly inserted: number
  /** To be agreed to. */
  readonly transactions: string
  readonly isExact: boolean
}

/** What the preview says would be lost. */
async function preview(shop: ShopWorld, snapshot: string): Promise<Foretold> {
  const { err } = await shop.backflip('restore', snapshot)
  return {
    inserted: Number(/public\.records: ([0-9]+) inserted/.exec(err)?.[1]),
    transactions: /([0-9]+) transactions?/.exec(err)?.[1] ?? '',
    isExact: !/(at most|at least|about) [0-9]+ transactions?/.test(err),
  }
}

/** The undo's own kept side holds nothing that any run needs: a hundred of them would fill the pool. */
async function forgetKept(shop: ShopWorld): Promise<void> {
  const kept = (await recordOf(shop)).replaced.at(-1)?.keptAs
  if (kept !== undefined) await deleteInstance(shop.world.client, parseInstanceName(kept))
}

/** Of run 1, and in the long suite of each, the snapshot is proved first: only then its exact moment is known, and the loss to the row. */
async function restoreAndUndo(shop: ShopWorld, run: number): Promise<{ acknowledged: number; lost: number }> {
  const { must, rows, served } = shop
  const { acknowledged } = await deployWhileWriting(shop, run * 10_000)
  const all = await rows()
  const snapshot = (await recordOf(shop)).snapshots.at(-1)?.snapshot ?? ''
  const isProved = run === 1 || process.env.BACKFLIP_LONG !== undefined
  if (isProved) await must('snapshots', 'verify', snapshot)
  const { inserted, transactions, isExact } = await preview(shop, snapshot)
  await must('restore', snapshot, '--max-lost', transactions, '--reason', 'a run', '--yes')
  expect(await triedTwice(shop)).toEqual([])
  const restored = await rows()
  expect(restored).toEqual(expect.arrayContaining([...acknowledged]))
  expect(isExact).toBe(isProved)
  const lost = all.length - restored.length
  expect(isExact ? lost === inserted : lost <= inserted, `${lost} rows lost, ${inserted} foretold`).toBe(true)
  expect(await served()).toEqual({ status: 200, sha: R1 })
  const operation = (await recordOf(shop)).replaced.at(-1)?.operation ?? ''
  await must('restore', '--undo', operation, '--max-lost', '0', '--reason', 'a run', '--yes')
  expect(await triedTwice(shop)).toEqual([])
  expect(await rows()).toEqual(all)
  await forgetKept(shop)
  return { acknowledged: acknowledged.length, lost }
}

/** R2 is deployed over R1 in each run. */
export function restoreRuns(shop: ShopWorld): void {
  let [acknowledged, lost, done] = [0, 0, 0]

  it.each(Array.from({ length: RUNS }, (_, index) => index + 1))(
    'run %i: every commit acknowledged before the snapshot is there, what is lost was foretold, and the undo loses nothing',
    { timeout: LIMIT_MS },
    async (run) => {
      if ((await recordOf(shop)).freeze !== null) await shop.must('unfreeze', '--reason', 'a run')
      const one = await restoreAndUndo(shop, run)
      acknowledged += one.acknowledged
      lost += one.lost
      done += 1
    },
  )

  it('says how many', () => {
    console.log(
      `${done} of ${RUNS} restores and undos; ${acknowledged} acknowledged commits, none missing; ${lost} lost rows, all foretold`,
    )
    expect(done).toBe(RUNS)
  })
}
