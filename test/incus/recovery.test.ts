import { dirname } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pushFile } from '../../src/drivers/incus/files.ts'
import { listInstances, patchInstance } from '../../src/drivers/incus/instances.ts'
import { perform } from '../../src/drivers/incus/operations.ts'
import { POOLS } from './bed/bed.ts'
import { LIVE, mustRun, POSTGRES, sql } from './data-world.ts'
import { killRestore, LAST, prepareKills } from './restore-kill.ts'
import { R1, R2, type ShopWorld, shopWorld } from './shop-world.ts'

const BEFORE_2 = `pre-deploy-${R2}`
const LIMIT_MS = 180_000
const FOLDER = dirname(POSTGRES.dataFolder)
const REPOSITORY = 'repository'
const REPOSITORY_PATH = '/var/lib/pgbackrest'
const CONFIG = `[global]
repo1-path=${REPOSITORY_PATH}
repo1-retention-full=2
start-fast=y
[shop]
pg1-path=${POSTGRES.dataFolder}
`

// A proof in the background would make the kill meet another process.
const shop: ShopWorld = await shopWorld({
  database: ', pgbackrest: { stanza: shop }',
  environment: ['snapshots: { minFree: 16MiB, verify: false }'],
})
const { world, live, must, backflip, served, write, rows, within } = shop
const inLive = (...argv: readonly string[]) => mustRun(world.client, live, argv)
const pgbackrest = (...args: readonly string[]) =>
  inLive('runuser', '-u', 'postgres', '--', 'pgbackrest', '--log-level-console=warn', ...args)

beforeAll(() => keepBackups(), LIMIT_MS)
afterAll(() => shop.end(), LIMIT_MS)

describe('a restore from pgBackRest on a real Incus, with a repository that no snapshot and no copy has', () => {
  it('every commit from before the point is there and none after it, also when the operator is killed in the middle; undone, everything is back', {
    timeout: LIMIT_MS,
  }, async () => {
    const { acknowledged, all: before } = await prepareKills(shop)

    // The snapshot is gone: only the archive has that moment.
    await must('snapshots', 'prune', BEFORE_2, '--yes')
    const { err } = await backflip('restore', BEFORE_2, '--from', 'pgbackrest')
    expect(err).toMatch(/backup +db: \d{8}-\d{6}F \(full\)/)
    const lost = Number(/([0-9]+) transactions since then/.exec(err)?.[1])
    const inserted = Number(/public\.records: ([0-9]+) inserted/.exec(err)?.[1])
    expect(err).toContain('exactly')

    await killRestore(shop, { verb: 'restore', what: BEFORE_2, from: 'pgbackrest', at: 'recover-data', when: 'before' })
    const last = await within(({ journal }) => journal.read({ newestFirst: true, limit: 3 }))
    expect(last[0]?.fact, JSON.stringify(last)).toMatchObject({ kind: 'step-started', step: 'recover-data' })
    expect((await served()).status).toBe(503)
    const left = (await beside()).find((name) => name !== 'main')
    // As the tool itself would, which outlives who started it.
    await inLive('systemd-run', '--unit=left', 'tail', '-f', `${FOLDER}/${left}/PG_VERSION`)
    await killRestore(shop, { verb: 'resume', what: '', at: 'recover-data', when: 'after' })
    expect(await inLive('systemctl', 'show', '--property=Result', 'left')).toBe('Result=signal\n')
    expect(await beside()).toHaveLength(2)
    await must('resume')

    const restored = await rows()
    expect(restored).toEqual(expect.arrayContaining([...acknowledged]))
    expect(restored).not.toContain(LAST)
    expect([inserted, lost]).toEqual([before.length - restored.length, inserted])
    expect(await served()).toEqual({ status: 200, sha: R1 })
    expect(await beside()).toEqual(['main'])
    // It archives on its own timeline, and the way from the old one is in the archive.
    await pgbackrest('--stanza=shop', 'check')
    expect(await pgbackrest('repo-ls', 'archive/shop/15-1')).toContain('00000002.history')

    await write([7_000])
    const undo = /--undo ([0-9a-f-]{36})/.exec((await must('snapshots', 'list')).out)?.[1] ?? ''
    await must('restore', '--undo', undo, '--max-lost', '1', '--reason', 'the wrong evening', '--yes')
    expect(await rows()).toEqual(before)
    expect(await beside()).toEqual(['main'])
    // What was live goes on in its own timeline, which stayed in the archive.
    await pgbackrest('--stanza=shop', 'check')
    const names = (await listInstances(world.client)).map(({ name }) => name).filter((name) => name.startsWith(LIVE))
    expect(names).toHaveLength(2)
  })
})

async function beside(): Promise<readonly string[]> {
  return (await inLive('ls', FOLDER)).trim().split('\n')
}

/** On a volume of its own: a snapshot of the container does not have it, and a copy is made without it. */
async function keepBackups(): Promise<void> {
  const { client } = world
  const body = { name: REPOSITORY }
  await perform(client, { method: 'POST', path: `/storage-pools/${POOLS.btrfs}/volumes/custom`, body, limitMs: 30_000 })
  const device = { type: 'disk', pool: POOLS.btrfs, source: REPOSITORY, path: REPOSITORY_PATH }
  await patchInstance(client, live, { devices: { [REPOSITORY]: device } })
  await inLive('chown', 'postgres', REPOSITORY_PATH)
  await pushFile(client, live, '/etc/pgbackrest.conf', Buffer.from(CONFIG), { mode: 0o644 })
  await sql(client, live, 'ALTER SYSTEM SET archive_mode = on')
  await sql(client, live, "ALTER SYSTEM SET archive_command = 'pgbackrest --stanza=shop archive-push %p'")
  await inLive('pg_ctlcluster', '15', 'main', 'restart')
  await pgbackrest('--stanza=shop', 'stanza-create')
  await pgbackrest('--stanza=shop', '--type=full', 'backup')
}
