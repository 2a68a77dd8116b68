import { spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Entry } from '../../src/domain/journal.ts'
import { R1, R2, type RealWorld, realWorld } from '../crash/real/world.ts'
import { requireHaproxy, until } from '../edge/world.ts'
import { backflip, backflipRunning, type CommandAsk } from './command.ts'
import { hooksFolder } from './hooks-folder.ts'
import { type PowerDisk, powerDisk } from './power-disk.ts'

const REASON = ['--reason', 'a test', '--yes'] as const
/** Between two appends: somewhere within the step that has just begun. */
const LATEST_MS = 12

let folder: string
let disk: PowerDisk
let world: RealWorld
/** Every command after a cut runs in a boot of its own: what was not flushed is not believed only because it has the old names. */
let boot: CommandAsk

beforeAll(() => {
  requireHaproxy()
  if (process.geteuid?.() !== 0 || spawnSync('mkfs.ext4', ['-V']).status !== 0)
    throw new Error('no file system can be made and mounted: these tests need root and the Debian package e2fsprogs')
  folder = mkdtempSync(join(tmpdir(), 'bf-power-'))
  disk = powerDisk(folder)
})
beforeAll(async () => {
  // The last entry waits for a moment, so that none of the cuts comes after the end.
  const hooks = hooksFolder(join(folder, 'hooks'))
  hooks.set('post-verify', 'sleep 0.2')
  world = await realWorld({
    folder: disk.folder,
    app: ['migrate: { component: web, command: [node, --version] }'],
    environment: [`hooks: ${hooks.path}`],
  })
  // The operator's own files, and what was published, have been there for long.
  spawnSync('sync', ['--file-system', disk.folder])
  boot = world
  for (const sha of [R1, R2]) await world.deploy(sha)
})
afterAll(async () => {
  await disk.close()
  rmSync(folder, { recursive: true, force: true })
})

const run = (...args: readonly string[]) => backflip(boot, ...args)

function nextBoot(): void {
  const id = join(folder, 'boot-id')
  writeFileSync(id, `${randomUUID()}\n`)
  const under = 'mount --bind "$1" /proc/sys/kernel/random/boot_id && shift && exec "$@"'
  boot = { folder: world.folder, under: ['unshare', '--mount', 'sh', '-c', under, 'sh', id] }
}

interface Status {
  readonly record: { readonly open: object | null; readonly live: { readonly sha: string } }
  readonly drift: readonly object[]
}

const statusNow = () => JSON.parse(run('status', '--json').out) as Status

/** Entries that the command has told of: it says only what is durable. */
const acknowledged = (out: string) =>
  out
    .split('\n')
    .slice(0, -1)
    .filter((line) => line.startsWith('{"seq"'))
    .map((line) => JSON.parse(line) as Entry)

/** Cuts the power when the command has told of so many entries, and a little later; returns what it had told by then. */
async function cutDuring(atEntries: number, ...args: readonly string[]): Promise<readonly Entry[]> {
  const running = backflipRunning(boot, ...args, '--events')
  await until(async () => acknowledged(running.out()).length >= atEntries || running.child.exitCode !== null, 20_000)
  await wait(Math.random() * LATEST_MS)
  const told = acknowledged(running.out())
  expect(running.child.exitCode).toBeNull()
  const { neededRecovery } = await disk.cut()
  await running.ended()
  // The file system itself was cut in the middle: its own journal had to be replayed.
  expect(neededRecovery).toBe(true)
  expect(told.length).toBeGreaterThanOrEqual(atEntries)
  return told
}

async function assertNothingLost(told: readonly Entry[]): Promise<void> {
  const { journal } = await world.open()
  try {
    const kept = new Map((await journal.read({ limit: 10_000 })).map(({ seq, hash }) => [seq, hash]))
    expect(told.map(({ seq, hash }) => ({ seq, hash }))).toEqual(told.map(({ seq }) => ({ seq, hash: kept.get(seq) })))
  } finally {
    await journal.close()
  }
}

/** After a reboot: what is recorded runs again, what is open is settled, and everything says the same. */
async function assertConverges(): Promise<void> {
  nextBoot()
  const up = run('up')
  expect(up).toMatchObject({ exitCode: 0 })
  const settled = statusNow().record.open === null ? 0 : run('resume').exitCode
  expect([0, 1, 5]).toContain(settled)
  expect(statusNow()).toMatchObject({ record: { open: null }, drift: [] })
  expect(run('history', '--verify')).toMatchObject({ exitCode: 0 })
  await until(async () => (await world.served()).status === 200)
  expect((await world.served()).sha).toBe(statusNow().record.live.sha)
}

const other = () => (statusNow().record.live.sha === R1 ? R2 : R1)

describe('the power is cut', () => {
  it.each([2, 6, 10, 13, 15, 19])(
    'I5, I8: in a deploy, after its entry %i: no acknowledged entry is lost, the chain is whole, resume converges',
    async (entries) => {
      const told = await cutDuring(entries, 'deploy', other(), '--again', ...REASON)
      await assertNothingLost(told)
      await assertConverges()
    },
  )

  it.each([2, 5])('I5, I8: in a fast rollback, after its entry %i: likewise', async (entries) => {
    expect(run('deploy', other(), '--again', ...REASON).exitCode).toBe(0)
    const told = await cutDuring(entries, 'rollback', '--mode', 'fast', ...REASON)
    await assertNothingLost(told)
    await assertConverges()
    expect(run('unfreeze', '--reason', 'a test').exitCode).toBe(0)
  })
})
