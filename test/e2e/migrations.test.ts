import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { R1 } from '../crash/real/world.ts'
import { requireHaproxy } from '../edge/world.ts'
import { DROPS, type MigratingWorld, migratingWorld } from './migrating-world.ts'

const PROGRAM = fileURLToPath(new URL('../../bin/backflip.js', import.meta.url))
let folder: string
let world: MigratingWorld

function backflip(actor: string, ...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, ...args], {
    cwd: folder,
    encoding: 'utf8',
    timeout: 50_000,
    env: { ...process.env, BACKFLIP_ACTOR: actor },
  })
  return { exitCode: status, text: `${stderr}${stdout}`, out: stdout }
}

const ann = (...args: readonly string[]) => backflip('ann', ...args)
const bob = (...args: readonly string[]) => backflip('bob', ...args)

/** The key of what was asked for last. */
const waiting = () => (JSON.parse(ann('approve', '--json').out) as readonly { key: string }[]).at(-1)?.key ?? ''

beforeAll(async () => {
  requireHaproxy()
  world = await migratingWorld(['migrations: { secondPerson: true }'])
  folder = world.folder
})
afterAll(() => world.close())

it('a release’s manifest lists its migrations with their digests, and the registry keeps their texts', () => {
  expect(ann('publish', '--sha', DROPS, 'web=app').exitCode).toBe(0)
  const manifest = JSON.parse(
    readFileSync(join(folder, 'registry', 'hello-release', DROPS, `hello-release-${DROPS}.json`), 'utf8'),
  ) as { migrations: readonly { name: string }[] }
  expect(manifest.migrations.map(({ name }) => name)).toEqual(['0001_users', '0002_drop_nick'])
  expect(manifest.migrations[0]).toHaveProperty('sha256')
  expect(
    readFileSync(join(folder, 'registry', 'hello-migrations', DROPS, `hello-migrations-${DROPS}.tar.zst`)).length,
  ).toBeGreaterThan(0)
})

it('a migration that the live release does not survive: exit 3 with the statement, and the migrator was not started', () => {
  expect(ann('deploy', R1, '--yes').exitCode).toBe(0)
  const { exitCode, text } = ann('deploy', DROPS, '--yes')
  expect(exitCode).toBe(3)
  expect(text).toContain('0002_drop_nick, line 2: ALTER TABLE users DROP COLUMN nick')
  expect(text).toContain('42703')
  expect(text).toContain('verified inverse: 0002_drop_nick.down.sql')
  expect(world.migrated()).toEqual([R1])
})

it('a dry run asks nobody; without an inverse the second person reads in capitals what that means', () => {
  const flags = ['--override', 'drop-column', '--reason', 'x', '--no-inverse-possible']
  expect(ann('plan', 'deploy', DROPS, ...flags)).toMatchObject({ exitCode: 3 })
  expect(bob('approve').out).toContain('nothing waits')
  expect(ann('deploy', DROPS, '--yes', ...flags)).toMatchObject({ exitCode: 3 })
  expect(bob('approve').out).toContain('NO COMMAND BRINGS BACK')
  expect(world.migrated()).toEqual([R1])
})

it.each([
  [['--override', 'drop-column', '--inverse', 'back.sql'], 2, /reason is needed/],
  [['--override', 'drop-column', '--reason', 'x'], 3, /needs SQL that gives the old shape back/],
  [['--override', 'drop-column', '--reason', 'x', '--inverse', 'nowhere.sql'], 2, /is no file/],
  [['--override', 'drop-column', '--reason', 'x', '--inverse', 'backflip.yaml'], 3, /does not give back/],
  [['--override', 'drop-table', '--reason', 'x', '--inverse', 'back.sql'], 3, /nothing to override/],
  [['--override', 'Drop!', '--reason', 'x', '--inverse', 'back.sql'], 2, /names no rules/],
  [['--inverse', 'back.sql'], 2, /no --override/],
] as const)('an override that is not whole is refused: %j', (flags, exitCode, said) => {
  const ended = ann('deploy', DROPS, '--yes', ...flags)
  expect(ended.text).toMatch(said)
  expect(ended.exitCode).toBe(exitCode)
  expect(world.migrated()).toEqual([R1])
})

it('an override needs a second person, who is not the first; then it goes out, and status shows it', async () => {
  const run = () =>
    ann('deploy', DROPS, '--yes', '--override', 'drop-column', '--reason', 'nobody reads it', '--inverse', 'back.sql')
  expect(run()).toMatchObject({ exitCode: 3 })
  const key = waiting()
  expect(ann('approve', key, '--yes')).toMatchObject({ exitCode: 3 })
  expect(bob('approve', key.slice(0, 12), '--yes')).toMatchObject({ exitCode: 0 })
  expect(run()).toMatchObject({ exitCode: 0 })
  expect(await world.served()).toEqual({ status: 200, sha: DROPS })
  expect(world.migrated()).toEqual([R1, DROPS])
  const status = ann('status').out
  expect(status).toMatch(/override +drop-column of 0002_drop_nick: nobody reads it, by ann and bob/)
  expect(status).toMatch(/111111111111 DOES NOT FIT the schema/)
  expect(status).toMatch(/fast closed: 111111111111 does not fit today's schema/)
  expect(ann('history').out).toMatch(/override-approved/)
})

it('a rollback to a release that does not fit: exit 3 with the migration; with an override it goes there', async () => {
  const { exitCode, text } = ann('rollback', '--yes')
  expect(exitCode).toBe(3)
  expect(text).toContain('0002_drop_nick, line 2')
  expect(ann('plan', 'rollback').exitCode).toBe(3)
  const run = () =>
    ann('rollback', R1, '--yes', '--override', 'drop-column', '--reason', 'checkout', '--inverse', 'back.sql')
  expect(run()).toMatchObject({ exitCode: 3 })
  expect(bob('approve', waiting(), '--yes')).toMatchObject({ exitCode: 0 })
  expect(run()).toMatchObject({ exitCode: 0 })
  expect(await world.served()).toEqual({ status: 200, sha: R1 })
  expect(ann('history', '--verify')).toMatchObject({ exitCode: 0 })
})
