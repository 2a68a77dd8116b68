import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { getInstance, listInstances } from '../../src/drivers/incus/instances.ts'
import { LIVE, sql } from './data-world.ts'
import { R1, R2, type ShopWorld, shopWorld } from './shop-world.ts'

const BEFORE_2 = `pre-deploy-${R2}`
const LIMIT_MS = 180_000

const shop: ShopWorld = await shopWorld({ environment: ['snapshots: { minFree: 16MiB }'] })
const { world, live, folder, backflip, must, served, write, writer, rows } = shop

beforeAll(() => shop.publish(R1, R2), LIMIT_MS)
afterAll(() => shop.end(), LIMIT_MS)

describe('a restore on a real Incus, with a real PostgreSQL', () => {
  it('every commit that was acknowledged before the snapshot is in it, with writers running', {
    timeout: LIMIT_MS,
  }, async () => {
    await must('deploy', R1, '--yes')
    await write([1, 2, 3])
    const running = writer(1_000)
    const before = running.acknowledged.length
    await must('deploy', R2, '--yes')
    await running.stop()
    expect(running.acknowledged.length).toBeGreaterThan(before)
    const { out } = await must('snapshots', 'list')
    expect(out).toContain(BEFORE_2)
    // By a process of its own, that nobody waits for.
    const proved = new RegExp(`${BEFORE_2} +verified`)
    await expect
      .poll(async () => (await must('snapshots', 'list')).out, { timeout: 90_000, interval: 1_000 })
      .toMatch(proved)
    expect((await must('status')).out).toMatch(new RegExp(`data .*running +${BEFORE_2}, verified`))
    expect((await must('snapshots', 'verify', BEFORE_2)).out).toContain('✓ verified')
  })

  it('more lost than agreed to: everything is as it was, exit 3', { timeout: LIMIT_MS }, async () => {
    for (let id = 1; id <= 5; id += 1) await write([100 + id])
    const { exitCode, err } = await backflip('restore', BEFORE_2, '--max-lost', '2', '--yes')
    expect({ exitCode, said: /may be/.test(err) }).toEqual({ exitCode: 2, said: true })
    const all = await rows()
    const running = writer(2_000)
    // Enough for what is shown, and not for what comes while it is read.
    const shown = /([0-9]+) transactions/.exec((await backflip('restore', BEFORE_2)).err)?.[1] ?? ''
    const refused = await backflip('restore', BEFORE_2, '--max-lost', shown, '--yes', '--reason', 'x')
    await running.stop()
    expect([2, 3]).toContain(refused.exitCode)
    expect(await rows('id < 1000 OR id >= 2000')).toEqual([...all.filter((id) => id < 1_000), ...running.acknowledged])
    expect(await served()).toEqual({ status: 200, sha: R2 })
  })

  it('goes back to the snapshot, shows the loss to the row, exports it, and is undone with nothing lost', {
    timeout: LIMIT_MS,
  }, async () => {
    const before = await rows()
    const { err: preview } = await backflip('restore', BEFORE_2)
    const lost = Number(/([0-9]+) transactions/.exec(preview)?.[1])
    expect(preview).toMatch(/verified/)
    expect(preview).toMatch(/public\.records: [0-9]+ inserted/)
    const inserted = Number(/public\.records: ([0-9]+) inserted/.exec(preview)?.[1])
    await must(
      'restore',
      BEFORE_2,
      '--max-lost',
      String(lost),
      '--export-lost',
      'lost',
      '--reason',
      'orders were overwritten',
      '--yes',
    )
    const after = await rows()
    expect(before.length - after.length).toBe(inserted)
    expect(await served()).toEqual({ status: 200, sha: R1 })
    const csv = readFileSync(join(folder, 'lost', 'db.public.records.csv'), 'utf8')
      .trimEnd()
      .split('\n')
      .slice(1)
      .map(Number)
    expect(csv.toSorted((a, b) => a - b)).toEqual(before.filter((id) => !after.includes(id)))
    await write([7_000])
    expect((await must('status')).out).toContain('frozen')
    const operation = /--undo ([0-9a-f-]{36})/.exec((await must('snapshots', 'list')).out)?.[1] ?? ''
    const undone = await must(
      'restore',
      '--undo',
      operation,
      '--max-lost',
      '1',
      '--reason',
      'the wrong evening',
      '--yes',
    )
    expect(undone.err).toContain('took the restore back')
    expect(await rows()).toEqual(before)
    await write([7_001])
    expect((await getInstance(world.client, live))?.status).toBe('Running')
    const names = (await listInstances(world.client)).map(({ name }) => name).filter((name) => name.startsWith(LIVE))
    expect(names).toHaveLength(2)
  })

  it('runs an inverse by hand after a snapshot, once, and writes down which', { timeout: LIMIT_MS }, async () => {
    writeFileSync(join(folder, 'inverse.sql'), 'ALTER TABLE records ADD COLUMN nick text;\n')
    const { err } = await must(
      'sql',
      'inverse.sql',
      '--reason',
      '0042 dropped nick',
      '--inverse-of',
      '0042_drop_nick',
      '--yes',
    )
    expect(err).toContain('one transaction')
    expect(err).toContain('backflip rollback --mode full')
    expect(await sql(world.client, live, 'SELECT count(nick) FROM records')).toMatch(/^0/)
    expect((await must('history', '--json')).out).toContain('sql')
  })
})
