import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isColor } from '../../../src/domain/color.ts'
import type { Environment } from '../../../src/operations/environment.ts'
import { loadRecord } from '../../../src/operations/record.ts'
import { abort, resume } from '../../../src/operations/recover.ts'
import { status } from '../../../src/operations/status.ts'
import { verifyHistory } from '../../../src/operations/verify-history.ts'
import { requireHaproxy } from '../../edge/world.ts'
import { readLastWords } from './mortal-journal.ts'
import type { VictimJob } from './victim.ts'
import { R1, R2, type RealWorld, realWorld } from './world.ts'

const VICTIM = fileURLToPath(new URL('./victim.ts', import.meta.url))
/** More appends than any operation makes. */
const MOST_APPENDS = 60

let world: RealWorld

beforeAll(async () => {
  requireHaproxy()
  world = await realWorld()
  await world.deploy(R1)
})
afterAll(() => world.close())

/** Runs the operation in a process of its own that kills itself there. False when it ended before. */
async function kill(job: Omit<VictimJob, 'folder' | 'sha'>): Promise<boolean> {
  rmSync(join(world.folder, 'last-words'), { force: true })
  const live = (await world.served()).sha
  const text = JSON.stringify({ ...job, folder: world.folder, sha: live === R1 ? R2 : R1 } satisfies VictimJob)
  const {
    signal,
    status: exitCode,
    stderr,
  } = spawnSync(process.execPath, [VICTIM, text], { encoding: 'utf8', timeout: 40_000 })
  if (signal === 'SIGKILL') return true
  if (exitCode !== 0) throw new Error(`the victim failed by itself: ${stderr}`)
  return false
}

async function withEnvironment<T>(work: (environment: Environment) => Promise<T>): Promise<T> {
  const environment = await world.open()
  try {
    return await work(environment)
  } finally {
    await environment.journal.close()
  }
}

/** The journal's last entry says that the kill landed where it should have. */
async function assertLanded(when: VictimJob['when']): Promise<void> {
  const { kinds, headBefore } = readLastWords(world.folder)
  await withEnvironment(async ({ journal }) => {
    const last = (await journal.read({ newestFirst: true, limit: 1 }))[0]
    expect(last?.seq).toBe(when === 'before' ? headBefore : headBefore + kinds.length)
    expect(when === 'before' || last?.fact.kind === kinds.at(-1)).toBe(true)
  })
}

/** I1, I2: users are served by one release, whatever died. */
async function assertServed(): Promise<void> {
  const { status: answered, sha } = await world.served()
  expect(answered).toBe(200)
  expect([R1, R2]).toContain(sha)
}

/** I3, I4, I8: edge memory, its file, active-color, the journal and the application itself say the same, and nothing is open. */
async function assertSettled(): Promise<void> {
  await withEnvironment(async (environment) => {
    const record = await loadRecord(environment.journal)
    const view = await environment.edge.read()
    expect(record.open).toBeNull()
    expect(view.memory).toEqual(view.file)
    expect(isColor(view.memory?.live)).toBe(true)
    expect(view.memory?.live).toBe(record.live?.color)
    expect(view.activeColorFile).toBe(record.live?.color)
    expect(await world.served()).toEqual({ status: 200, sha: record.live?.sha })
    expect(await verifyHistory({ journal: environment.journal, anchor: view.anchor })).toMatchObject({ ok: true })
    expect((await status(environment)).drift).toEqual([])
  })
}

/** Half of the cases go on, half go back; past the point of no return there is only on. */
async function recover(how: 'resume' | 'abort'): Promise<void> {
  await withEnvironment(async (environment) => {
    const { open } = await loadRecord(environment.journal)
    if (open === null) return
    const end = await (how === 'resume' ? resume(environment) : abort(environment)).catch(
      (error: { code?: string }) => {
        if (error.code !== 'past-pivot') throw error
        return resume(environment)
      },
    )
    expect(['done', 'failed', 'aborted', 'reverted']).toContain(end.outcome)
  })
}

/** What the operation needs: two good releases, the other one on standby. */
async function prepare(operation: VictimJob['operation']): Promise<void> {
  const { live, colors, freeze } = await withEnvironment(({ journal }) => loadRecord(journal))
  if (operation === 'deploy') {
    if (freeze !== null)
      await withEnvironment(async (environment) =>
        (await import('../../../src/operations/freeze.ts')).unfreeze(environment, 'a test'),
      )
    return
  }
  const standby = live?.color === 'blue' ? colors.green : colors.blue
  if (freeze === null && standby.is === 'started' && standby.sha !== live?.sha && operation === 'cleanup') return
  // A rollback goes to a good release that served before: the other one first, then this one.
  await world.deploy(live?.sha === R1 ? R2 : R1)
}

const OPERATIONS: readonly { readonly operation: VictimJob['operation']; readonly least: number }[] = [
  { operation: 'deploy', least: 12 },
  { operation: 'fast', least: 6 },
  { operation: 'full', least: 12 },
  { operation: 'cleanup', least: 2 },
]

describe('kill -9 at every append to the journal, before and after it is durable, with a real HAProxy', () => {
  it.each(OPERATIONS)('$operation', { timeout: 240_000 }, async ({ operation, least }) => {
    let boundaries = 0
    for (let at = 1; at <= MOST_APPENDS; at += 1) {
      let reached = false
      for (const when of ['before', 'after'] as const) {
        await prepare(operation)
        reached = await kill({ operation, at, when })
        if (!reached) break
        boundaries += 1
        await assertLanded(when)
        await assertServed()
        await recover((at + (when === 'after' ? 1 : 0)) % 2 === 0 ? 'resume' : 'abort')
        await assertSettled()
      }
      if (!reached) break
    }
    console.log(`${operation}: ${boundaries} kills, each where it should be`)
    expect(boundaries).toBeGreaterThanOrEqual(2 * least)
  })
})
