import { spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { parseSnapshotName } from '../../src/domain/ids.ts'
import { listInstances } from '../../src/drivers/incus/instances.ts'
import { loadRecord } from '../../src/operations/record.ts'
import { prepareRestore, showRestore } from '../../src/operations/restore.ts'
import { status } from '../../src/operations/status.ts'
import { verifyHistory } from '../../src/operations/verify-history.ts'
import { readLastWords } from '../crash/real/mortal-journal.ts'
import { LIVE, sql } from './data-world.ts'
import type { RestoreVictimJob } from './restore-victim.ts'
import { R1, R2, type ShopWorld } from './shop-world.ts'

const VICTIM = fileURLToPath(new URL('./restore-victim.ts', import.meta.url))
const BEFORE_2 = `pre-deploy-${R2}`
const LIMIT_MS = 600_000
const VICTIM_LIMIT_MS = 120_000
/** Every kill with a restore of its own, then resume or abort: half an hour. */
const IS_LONG = process.env.BACKFLIP_LONG !== undefined
const LONG_ABORT = 'I5, I6: one that is aborted, killed at every undo and resumed, leaves everything as it was'
const EACH_ITS_OWN = 'the same with a restore of its own for each kill, then resume or abort'
const SIDES = ['before', 'after'] as const
/** Steps of a restore that an undo changes something for, latest first. */
const UNDONE = ['swap-data', 'copy-data', 'snapshot-data', 'stop-writers', 'raise-maintenance']

/** What was acknowledged before the snapshot, what else may be in it, and what is there in all. */
interface Written {
  readonly acknowledged: readonly number[]
  readonly all: readonly number[]
}
/** The last row that is written: in no snapshot. */
export const LAST = 9_999

type Job = Omit<RestoreVictimJob, 'folder'>

/** Runs the operation in a process of its own that kills itself there. Throws when it ends otherwise. */
export async function killRestore(shop: ShopWorld, job: Job): Promise<void> {
  const { folder } = shop
  rmSync(join(folder, 'last-words'), { force: true })
  const child = spawn(process.execPath, [VICTIM, JSON.stringify({ ...job, folder } satisfies RestoreVictimJob)], {
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: VICTIM_LIMIT_MS,
    killSignal: 'SIGTERM',
  })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString('utf8')))
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) =>
    child.once('close', (...how) => resolve(how)),
  )
  if (signal !== 'SIGKILL') throw new Error(`${JSON.stringify(job)} ended by itself with ${signal ?? code}: ${said}`)
  await assertLanded(shop, job)
}

/** The journal's last entry says that the kill landed where it should have. */
async function assertLanded({ folder, within }: ShopWorld, { at, when }: Job): Promise<void> {
  const { kinds, headBefore } = readLastWords(folder)
  const where = `${when} ${at}`
  await within(async ({ journal }) => {
    const last = (await journal.read({ newestFirst: true, limit: 1 }))[0]
    expect(last?.seq, where).toBe(when === 'before' ? headBefore : headBefore + kinds.length)
    expect(when === 'before' || last?.fact.kind === kinds.at(-1), where).toBe(true)
  })
}

/** I1: users get one healthy release, or the page that says so. */
async function assertServed({ served }: ShopWorld, where: string): Promise<void> {
  const { status: answered, sha } = await served()
  // The page carries no release.
  expect([`200 ${R1}`, `200 ${R2}`, '503 null'], where).toContain(`${answered} ${sha}`)
}

/** I3 to I6: everybody says the same, nothing is left over, the snapshot is there, the app writes. */
async function assertSettled(shop: ShopWorld, expected: readonly number[], where: string): Promise<void> {
  const { live, rows, served, within, world, write } = shop
  await within(async (environment) => {
    const record = await loadRecord(environment.journal)
    const view = await environment.edge.read()
    expect(record.open, where).toBeNull()
    expect(record.maintenance, where).toBeNull()
    expect(view.memory, where).toEqual(view.file)
    expect(view.memory?.live, where).toBe(record.live?.color)
    expect(await served(), where).toEqual({ status: 200, sha: record.live?.sha })
    expect(await verifyHistory({ journal: environment.journal, anchor: view.anchor }), where).toMatchObject({
      ok: true,
    })
    expect((await status(environment)).drift, where).toEqual([])
    const kept = record.replaced.map(({ keptAs }) => keptAs)
    const there = (await listInstances(world.client)).map(({ name }) => name).filter((name) => name.startsWith(LIVE))
    expect(there.toSorted(), where).toEqual([LIVE, ...kept].toSorted())
    expect(
      (await environment.data[0]?.look())?.snapshots.map(({ name }) => name),
      where,
    ).toContain(BEFORE_2)
  })
  await write([10_000])
  expect(await rows(), where).toEqual([...expected, 10_000])
  await sql(world.client, live, 'DELETE FROM records WHERE id = 10000')
}

async function plannedSteps({ within }: ShopWorld): Promise<readonly string[]> {
  return within(async (environment) => {
    const preview = await showRestore(environment, { snapshot: parseSnapshotName(BEFORE_2) })
    const ask = { maxLost: null, exportFolder: null, reason: null }
    return (await prepareRestore(environment, preview, ask)).steps.map(({ id }) => id)
  })
}

/** What the last restore had replaced is put back, so that the next one finds the world as it was. */
async function takeBack({ must, within }: ShopWorld): Promise<void> {
  const record = await within(({ journal }) => loadRecord(journal))
  const operation = record.replaced.at(-1)?.operation ?? ''
  await must('restore', '--undo', operation, '--max-lost', 'any', '--reason', 'a test', '--yes')
}

/** What the kills need: R1 and R2 were deployed, the second with writers running. */
export async function prepareKills({ must, publish, rows, write, writer }: ShopWorld): Promise<Written> {
  await publish(R1, R2)
  await must('deploy', R1, '--yes')
  const running = writer(1_000)
  await running.reached(3)
  const acknowledged = [...running.acknowledged]
  await must('deploy', R2, '--yes')
  await running.stop()
  await write([LAST])
  return { acknowledged, all: await rows() }
}

/** Killed and resumed at each boundary: on one side of it, and in the long suite on both. */
async function killAlong(shop: ShopWorld, first: Job['verb'], points: readonly string[]): Promise<number> {
  let [kills, verb] = [0, first]
  for (const [index, at] of points.entries())
    for (const when of IS_LONG ? SIDES : [SIDES[index % 2] ?? 'before']) {
      await killRestore(shop, { verb, what: BEFORE_2, at, when })
      kills += 1
      await assertServed(shop, `${when} ${at}`)
      const { open } = await shop.within(({ journal }) => loadRecord(journal))
      if (open !== null) verb = open.unwinding === null && first === 'abort' ? 'abort' : 'resume'
    }
  return kills
}

export function restoreKills(shop: ShopWorld, written: () => Written): void {
  const { backflip, must, rows, within } = shop

  it('I1, I3, I5, I6: one restore, killed and resumed at every step, comes to its end as if nothing had been', {
    timeout: LIMIT_MS,
  }, async () => {
    const points = ['operation-started', ...(await plannedSteps(shop))]
    const kills = await killAlong(shop, 'restore', points)
    expect(kills).toBe((IS_LONG ? 2 : 1) * points.length)
    if ((await within(({ journal }) => loadRecord(journal))).open !== null) await must('resume')
    const restored = await rows()
    expect(restored).toEqual(expect.arrayContaining([...written().acknowledged]))
    expect(restored).not.toContain(LAST)
    await assertSettled(shop, restored, 'after the restore')
    await takeBack(shop)
    await assertSettled(shop, written().all, 'after its undo')
    console.log(`restore: ${kills} kills along one, each where it should be`)
  })

  // Not skipped: `npm test` counts what is skipped as failed.
  if (!IS_LONG) {
    console.log(
      `left out, half an hour, with BACKFLIP_LONG set: “${LONG_ABORT}” (a fake world does that always); “${EACH_ITS_OWN}”`,
    )
    return
  }

  it(LONG_ABORT, { timeout: LIMIT_MS }, async () => {
    await killRestore(shop, { verb: 'restore', what: BEFORE_2, at: 'allow-writers', when: 'after' })
    const kills = await killAlong(shop, 'abort', ['unwinding', ...UNDONE])
    if ((await within(({ journal }) => loadRecord(journal))).open !== null) await backflip('resume')
    await assertSettled(shop, written().all, 'after the abort')
    console.log(`abort of a restore: ${kills} kills along one, each where it should be`)
  })

  it(EACH_ITS_OWN, { timeout: 60 * 60_000 }, async () => {
    for (const [index, at] of ['operation-started', ...(await plannedSteps(shop))].entries())
      for (const [side, when] of SIDES.entries()) {
        const where = `${when} ${at}`
        await killRestore(shop, { verb: 'restore', what: BEFORE_2, at, when })
        await assertServed(shop, where)
        const isOpen = (await within(({ journal }) => loadRecord(journal))).open !== null
        const how = (index + side) % 2 === 0 ? 'resume' : 'abort'
        if (isOpen && (await backflip(how)).exitCode === 3) await backflip('resume')
        const now = await rows()
        const isRestored = !now.includes(LAST)
        await assertSettled(shop, isRestored ? now : written().all, where)
        console.log(`${where}, ${isOpen ? how : 'nothing to take up'}: ${isRestored ? 'restored' : 'as it was'}`)
        if (isRestored) await takeBack(shop)
      }
  })
}
