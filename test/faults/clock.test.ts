import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Entry } from '../../src/domain/journal.ts'
import { R1, R2, type RealWorld, realWorld } from '../crash/real/world.ts'
import { requireHaproxy, until } from '../edge/world.ts'
import { backflip, backflipRunning, type CommandAsk } from './command.ts'
import { type HooksFolder, hooksFolder } from './hooks-folder.ts'

const LIBRARY = `/usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu/faketime/libfaketime.so.1`
const DAY_MS = 86_400_000
const AGAIN = ['--again', '--reason', 'a test', '--yes'] as const

let folder: string
let world: RealWorld
let hooks: HooksFolder
/** What libfaketime adds to the wall clock, read again at every look at it. The monotonic clock stays the machine's own. */
let offset: string
let skewed: CommandAsk

const setClock = (by: string) => writeFileSync(offset, by)
const jumps = (by: string) => `printf %s '${by}' > '${offset}'`
const run = (...args: readonly string[]) => backflip(skewed, ...args)

beforeAll(async () => {
  requireHaproxy()
  if (!existsSync(LIBRARY)) throw new Error('libfaketime is missing: these tests need it (Debian package faketime)')
  folder = mkdtempSync(join(tmpdir(), 'bf-clock-'))
  offset = join(folder, 'offset')
  hooks = hooksFolder(join(folder, 'hooks'))
  world = await realWorld({ environment: [`hooks: ${hooks.path}`, 'standby: { keepFor: 1h }'] })
  skewed = {
    folder: world.folder,
    variables: {
      LD_PRELOAD: LIBRARY,
      FAKETIME_TIMESTAMP_FILE: offset,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    },
  }
  setClock('+0')
  await world.deploy(R1)
  await world.deploy(R2)
})
beforeEach(() => {
  hooks.clear()
  setClock('+0')
})
afterAll(async () => {
  await world.close()
  rmSync(folder, { recursive: true, force: true })
})

async function entries(): Promise<readonly Entry[]> {
  const { journal } = await world.open()
  try {
    return await journal.read({ newestFirst: true, limit: 200 })
  } finally {
    await journal.close()
  }
}

/** The newest operation's entries, oldest first, and how far apart the stamps of two neighbours are at most. */
async function newestOperation() {
  const all = await entries()
  const { operation } = all.find(({ fact }) => fact.kind === 'operation-finished') ?? {}
  const own = all.filter((entry) => entry.operation === operation).toReversed()
  const gaps = own.slice(1).map(({ at }, index) => Date.parse(at) - Date.parse(own[index]?.at ?? ''))
  const end = own.at(-1)?.fact
  if (end?.kind !== 'operation-finished') throw new Error('the newest operation is not finished')
  return { operation: operation ?? '', end, widestGapMs: Math.max(...gaps.map(Math.abs)) }
}

describe('the wall clock jumps while a deploy runs', () => {
  it.each(['-3d', '+3d'])('%s: it goes on, and says how long it really took', async (by) => {
    const { sha } = await world.served()
    const target = sha === R1 ? R2 : R1
    hooks.set('pre-launch', jumps(by))
    hooks.set('pre-switch', jumps('+0'))
    const begun = performance.now()
    expect(run('deploy', target, ...AGAIN)).toMatchObject({ exitCode: 0 })
    const outsideMs = performance.now() - begun
    const { end, widestGapMs } = await newestOperation()
    // The fault was there: two neighbouring entries are days apart by their stamps.
    expect(widestGapMs).toBeGreaterThan(2 * DAY_MS)
    expect(end.tookMs).toBeGreaterThan(0)
    expect(end.tookMs).toBeLessThanOrEqual(outsideMs)
    expect(await world.served()).toEqual({ status: 200, sha: target })
    expect(run('history', '--verify')).toMatchObject({ exitCode: 0 })
  })

  it('between a flip and its revert: the seconds that users saw the release are real ones', async () => {
    const { sha } = await world.served()
    hooks.set('pre-verify', jumps('-3d'))
    hooks.set('post-verify', 'exit 1')
    const begun = performance.now()
    const { exitCode } = run('deploy', sha === R1 ? R2 : R1, ...AGAIN)
    const outsideMs = performance.now() - begun
    expect(exitCode).toBe(5)
    const { end, widestGapMs } = await newestOperation()
    expect(widestGapMs).toBeGreaterThan(2 * DAY_MS)
    expect(end.seenMs).toBeGreaterThan(0)
    expect(end.seenMs).toBeLessThanOrEqual(outsideMs)
    expect((await world.served()).sha).toBe(sha)
  })
})

describe('the wall clock was set back three days before a command', () => {
  it('what is newer is told by its number: live, history, logs and the id of the operation', async () => {
    const before = await newestOperation()
    const { sha } = await world.served()
    const target = sha === R1 ? R2 : R1
    setClock('-3d')
    expect(run('deploy', target, ...AGAIN)).toMatchObject({ exitCode: 0 })
    const [newest] = await entries()
    const { operation } = await newestOperation()
    expect(Date.now() - Date.parse(newest?.at ?? '')).toBeGreaterThan(2 * DAY_MS)
    expect(operation > before.operation).toBe(true)
    const report = JSON.parse(run('status', '--json').out) as {
      readonly record: { readonly live: { readonly sha: string; readonly color: string } }
    }
    expect(report.record.live.sha).toBe(target)
    expect(run('history').out.split('\n')[0]).toContain(target.slice(0, 12))
    const log = join(
      world.folder,
      '.backflip',
      'local',
      'logs',
      `hello-local-web-${report.record.live.color}.${operation}.log`,
    )
    writeFileSync(log, 'of the newest operation\n', { flag: 'a' })
    expect(run('logs', 'web', '--color', report.record.live.color).out).toContain('of the newest operation')
  })
})

describe('the lease and the wall clock', () => {
  it('I7: a holder that lives keeps it, though by the clock it has been silent for three days', async () => {
    const waits = join(folder, 'waits')
    hooks.set('pre-launch', `touch '${waits}'; while [ -e '${waits}' ]; do sleep 0.05; done`)
    const { sha } = await world.served()
    const holder = backflipRunning(skewed, 'deploy', sha === R1 ? R2 : R1, ...AGAIN)
    try {
      await until(async () => existsSync(waits), 20_000)
      setClock('+3d')
      const { exitCode, err } = run('rollback', '--yes')
      expect(exitCode).toBe(4)
      expect(err).toContain('holds the environment')
      const [newest] = await entries()
      expect(newest?.fact.kind).not.toBe('lease-taken')
    } finally {
      rmSync(waits, { force: true })
      expect(await holder.ended()).toBe(0)
    }
  })

  it('I5: a holder that died is followed at once, though by the clock it has only just begun', async () => {
    const waits = join(folder, 'waits')
    hooks.set('pre-launch', `touch '${waits}'; while [ -e '${waits}' ]; do sleep 0.05; done`)
    const before = (await world.served()).sha
    const target = before === R1 ? R2 : R1
    const holder = backflipRunning(skewed, 'deploy', target, ...AGAIN)
    await until(async () => existsSync(waits), 20_000)
    holder.child.kill('SIGKILL')
    rmSync(waits)
    await holder.ended()
    hooks.clear()
    setClock('-3d')
    expect(run('resume')).toMatchObject({ exitCode: 0 })
    const adopted = (await entries()).find(({ fact }) => fact.kind === 'lease-taken' && fact.replaces !== null)
    expect(Date.now() - Date.parse(adopted?.at ?? '')).toBeGreaterThan(2 * DAY_MS)
    expect(await world.served()).toEqual({ status: 200, sha: target })
  })
})

describe('the time limit of the standby color', () => {
  it.each(['+3d', '-3d'])('I6: %s takes no way back away: what runs is younger than the limit', async (by) => {
    setClock(by)
    const { exitCode, out } = run('cleanup', '--expired')
    expect({ exitCode, out }).toEqual({ exitCode: 0, out: 'nothing is over its time\n' })
    const report = JSON.parse(run('status', '--json').out) as { readonly colors: readonly { readonly role: string }[] }
    expect(report.colors.map(({ role }) => role).toSorted()).toEqual(['live', 'standby'])
    expect(readFileSync(offset, 'utf8')).toBe(by)
  })
})
