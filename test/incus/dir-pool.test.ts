import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pullFile, pushFile } from '../../src/drivers/incus/files.ts'
import { getInstance, listInstances } from '../../src/drivers/incus/instances.ts'
import { loadRecord } from '../../src/operations/record.ts'
import { mustRun } from './data-world.ts'
import { type Ended, R1, R2, type ShopWorld, shopWorld } from './shop-world.ts'
import { type SmallPool, smallPool } from './small-pool.ts'

const LIMIT_MS = 180_000
const BEFORE_2 = `pre-deploy-${R2}`
const NOTE = '/srv/note'

const pools: SmallPool[] = []
const shop: ShopWorld = await shopWorld({
  data: {
    async filesOn(incus) {
      const pool = await smallPool(incus, 200)
      pools.push(pool)
      return pool.name
    },
  },
  environment: ['snapshots: { minFree: 16MiB, verify: false, allowStop: false }'],
})
const { backflip, live, must, served, within, world } = shop
const { client } = world

beforeAll(() => shop.publish(R1, R2), LIMIT_MS)
afterAll(
  () =>
    shop.end(async () => {
      for (const pool of pools) await pool.remove()
    }),
  LIMIT_MS,
)

const told = ({ exitCode, out, err }: Ended) => `${exitCode}\n${out}${err}`
const note = async () => {
  const view = await pullFile(client, live, NOTE)
  return view?.type === 'file' ? Buffer.from(view.bytes).toString('utf8') : null
}
const write = (text: string) => pushFile(client, live, NOTE, Buffer.from(text))
const startedAt = async () => (await getInstance(client, live))?.startedAt ?? null

describe('a data service on storage that copies file by file', () => {
  it('a deploy is refused before anything is changed, with what would be lost by it and what allows it', {
    timeout: LIMIT_MS,
  }, async () => {
    const refused = await backflip('deploy', R1, '--yes')
    expect(refused.exitCode, told(refused)).toBe(3)
    expect(refused.err).toMatch(/a snapshot of data would not be one moment/)
    expect(refused.err).toContain('snapshots.allowStop: true')
    expect((await within(({ journal }) => loadRecord(journal))).snapshots).toEqual([])
  })

  it('where the configuration allows the downtime it is stopped, snapshotted and started again, and the restore and its undo work', {
    timeout: LIMIT_MS,
  }, async () => {
    const file = join(shop.folder, 'backflip.yaml')
    writeFileSync(file, readFileSync(file, 'utf8').replace('allowStop: false', 'allowStop: true'))
    await must('deploy', R1, '--yes')
    await write('before')
    const running = await startedAt()
    await must('deploy', R2, '--yes')
    // I4: it was stopped for it, as the plan said.
    expect(await startedAt()).not.toBe(running)
    await write('after')
    await must('restore', BEFORE_2, '--max-lost', '0', '--reason', 'a test', '--yes')
    expect(await note()).toBe('before')
    expect(await served()).toEqual({ status: 200, sha: R1 })
    const { replaced } = await within(({ journal }) => loadRecord(journal))
    await must('restore', '--undo', replaced[0]?.operation ?? '', '--max-lost', '0', '--reason', 'a test', '--yes')
    expect(await note()).toBe('after')
  })

  it('a pool that is full when the copy is made: the restore goes back, all is as it was, and the pool is named', {
    timeout: LIMIT_MS,
  }, async () => {
    // Room for the snapshot of all that is live, and not for the copy of the older one after it. Zeros would be copied as a hole.
    const root = await rootBytes()
    const filling = Math.floor(((await freeBytes()) - 1.5 * root) / 2 / 1024)
    await mustRun(client, live, ['dd', 'if=/dev/urandom', 'of=/srv/filling', 'bs=1024', `count=${filling}`])
    const before = (await listInstances(client)).map(({ name }) => name).toSorted()
    const failed = await backflip('restore', BEFORE_2, '--max-lost', '0', '--reason', 'a test', '--yes')
    expect(failed.exitCode, told(failed)).toBe(1)
    expect(failed.err).toMatch(/✗ C Make a copy/)
    expect(failed.err).toContain(pools[0]?.name)
    expect(await note()).toBe('after')
    expect(await served()).toEqual({ status: 200, sha: R1 })
    expect((await listInstances(client)).map(({ name }) => name).toSorted()).toEqual(before)
    expect((await getInstance(client, live))?.status).toBe('Running')
    expect((await within(({ journal }) => loadRecord(journal))).open).toBeNull()
  })
})

const freeBytes = () => within(async ({ data }) => (await data[0]?.look())?.room?.freeBytes ?? 0)

async function rootBytes(): Promise<number> {
  return Number((await mustRun(client, live, ['du', '-sx', '/'])).split(/\s/)[0]) * 1024
}
