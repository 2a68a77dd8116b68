import { expect, it } from 'vitest'
import { deleteInstance } from '../../src/drivers/incus/instances.ts'
import { parseInstanceName } from '../../src/drivers/incus/names.ts'
import { loadRecord } from '../../src/operations/record.ts'
import { R1, R2, type ShopWorld } from './shop-world.ts'

/** A hundred with BACKFLIP_LONG=100. In CI the three that make five are in `restore`, `restore-kill` and `recovery`, with more asked of them. */
export const RUNS = Number(process.env.BACKFLIP_LONG ?? 2)
const IS_LONG = process.env.BACKFLIP_LONG !== undefined
const LIMIT_MS = 180_000

const recordOf = ({ within }: ShopWorld) => within(({ journal }) => loadRecord(journal))

/** Steps of the last operation that needed a second try: there the product waited for something that it had made fail. */
async function triedTwice({ within }: ShopWorld): Promise<string[]> {
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
  let acknowledged: readonly number[]
  try {
    await running.reached(3)
    acknowledged = [...running.acknowledged]
    await must('deploy', R2, '--again', '--reason', 'a run', '--yes')
  } finally {
    await running.stop()
  }
  await write([first + 9_000, first + 9_001])
  return { acknowledged }
}

/** What the restore had shown before it began: rows, and whether that is exact. */
function foretold(err: string): { readonly inserted: number; readonly isExact: boolean } {
  return {
    inserted: Number(/public\.records: ([0-9]+) inserted/.exec(err)?.[1]),
    isExact: !/(at most|at least|about) [0-9]+ transactions?/.test(err),
  }
}

/** The undo's own kept side holds nothing that any run needs: a hundred of them would fill the pool. */
async function forgetKept(shop: ShopWorld): Promise<void> {
  const kept = (await recordOf(shop)).replaced.at(-1)?.keptAs
  if (kept !== undefined) await deleteInstance(shop.world.client, parseInstanceName(kept))
}

/** In the long suite each snapshot is proved first: only then its exact moment is known, and the loss to the row. */
async function restoreAndUndo(shop: ShopWorld, run: number) {
  const { must, rows, served } = shop
  const { acknowledged } = await deployWhileWriting(shop, 10_000 + run * 10_000)
  const all = await rows()
  const snapshot = (await recordOf(shop)).snapshots.at(-1)?.snapshot ?? ''
  if (IS_LONG) await must('snapshots', 'verify', snapshot)
  const { err } = await must('restore', snapshot, '--max-lost', 'any', '--reason', 'a run', '--yes')
  const twice = await triedTwice(shop)
  const [restored, { sha }] = [await rows(), await served()]
  const operation = (await recordOf(shop)).replaced.at(-1)?.operation ?? ''
  await must('restore', '--undo', operation, '--max-lost', '0', '--reason', 'a run', '--yes')
  twice.push(...(await triedTwice(shop)))
  const undone = await rows()
  await forgetKept(shop)
  return { acknowledged, all, restored, undone, sha, twice, lost: all.length - restored.length, ...foretold(err) }
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
      expect(one.restored).toEqual(expect.arrayContaining([...one.acknowledged]))
      expect(one).toMatchObject({ undone: one.all, sha: R1, twice: [], isExact: IS_LONG })
      // Not proved, it is counted from a moment before the snapshot: "at most".
      expect(one.lost).toBeLessThanOrEqual(one.inserted)
      expect(IS_LONG ? one.inserted : one.lost).toBe(one.lost)
      acknowledged += one.acknowledged.length
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
