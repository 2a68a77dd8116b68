import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadRecord } from '../../src/operations/record.ts'
import { R1, R2, type ShopWorld, shopWorld } from './shop-world.ts'

/** A hundred with BACKFLIP_LONG=100; said, so that nobody takes five for a hundred. */
const RUNS = Number(process.env.BACKFLIP_LONG ?? 5)
const RUN_LIMIT_MS = 120_000

const shop: ShopWorld = await shopWorld({ environment: ['snapshots: { minFree: 16MiB, verify: false }'] })
const { must, rows, served, write, writer } = shop

/** Of every step of the last operation, for whoever looks where the time goes. */
async function stepTimes(): Promise<string> {
  return shop.within(async ({ journal }) => {
    const last = (await journal.read({ kinds: ['operation-finished'], newestFirst: true, limit: 1 }))[0]
    if (last?.operation == null) return 'nothing'
    const ended = await journal.read({ operation: last.operation, kinds: ['step-succeeded'] })
    const steps = ended.flatMap(({ fact }) => (fact.kind === 'step-succeeded' ? [`${fact.step} ${fact.tookMs}`] : []))
    const { fact } = last
    return `${fact.kind === 'operation-finished' ? fact.tookMs : 0} ms: ${steps.join(', ')}`
  })
}

beforeAll(async () => {
  await shop.publish(R1, R2)
  await must('deploy', R1, '--yes')
}, RUN_LIMIT_MS)
afterAll(() => shop.end(), RUN_LIMIT_MS)

describe(`writers running, a deploy, a restore and its undo, ${RUNS} times on a real Incus`, () => {
  it('every commit acknowledged before the snapshot is there, the loss shown is the truth to the row, and the undo loses nothing', {
    timeout: RUNS * RUN_LIMIT_MS,
  }, async () => {
    let acknowledgedBefore = 0
    let lostRows = 0
    for (let run = 1; run <= RUNS; run += 1) {
      const first = run * 10_000
      const running = writer(first)
      await expect.poll(() => running.acknowledged.length, { timeout: 20_000 }).toBeGreaterThan(2)
      // Acknowledged before the command is typed, so before its snapshot.
      const before = [...running.acknowledged]
      acknowledgedBefore += before.length
      const t0 = performance.now()
      await must('deploy', R2, '--again', '--reason', 'a run', '--yes')
      console.log(`deploy ${performance.now() - t0}`, await stepTimes())
      await running.stop()
      await write([first + 9_000, first + 9_001])
      const all = await rows()
      const snapshot =
        /pre-deploy-[0-9a-f-]+/.exec(
          (await must('snapshots', 'list')).out.split('\n').findLast((line) => line.includes('pre-deploy')) ?? '',
        )?.[0] ?? ''
      await must('snapshots', 'verify', snapshot)
      const { err: preview } = await shop.backflip('restore', snapshot)
      const transactions = /([0-9]+) transactions/.exec(preview)?.[1] ?? ''
      const inserted = Number(/public\.records: ([0-9]+) inserted/.exec(preview)?.[1])
      const t1 = performance.now()
      await must('restore', snapshot, '--max-lost', transactions, '--reason', 'a run', '--yes')
      console.log(`restore ${performance.now() - t1}`, await stepTimes())
      const restored = await rows()
      expect(restored).toEqual(expect.arrayContaining(before))
      expect(all.length - restored.length).toBe(inserted)
      lostRows += inserted
      expect(await served()).toEqual({ status: 200, sha: R1 })
      const operation = (await shop.within(({ journal }) => loadRecord(journal))).replaced.at(-1)?.operation ?? ''
      const t2 = performance.now()
      await must('restore', '--undo', operation, '--max-lost', '0', '--reason', 'a run', '--yes')
      console.log(`undo ${performance.now() - t2}`, await stepTimes())
      expect(await rows()).toEqual(all)
      await must('unfreeze', '--reason', 'a run')
    }
    console.log(
      `${RUNS} restores and undos: ${acknowledgedBefore} acknowledged commits, none missing; ${lostRows} rows foretold`,
    )
  })
})
