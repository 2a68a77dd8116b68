import { spawn } from 'node:child_process'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { changeState, getInstance } from '../../src/drivers/incus/instances.ts'
import { parseInstanceName } from '../../src/drivers/incus/names.ts'
import { loadRecord } from '../../src/operations/record.ts'
import { ensureDaemon, killDaemon, startDaemon } from './bed/daemon.ts'
import { mustRun, sql } from './data-world.ts'
import { EDGE, type Ended, R1, R2, R3, R4, type ShopWorld, shopWorld } from './shop-world.ts'

const LIMIT_MS = 300_000
const BEFORE_2 = `pre-deploy-${R2}`
const shop: ShopWorld = await shopWorld({
  edge: 'container',
  image: 'debian',
  app: ['migrate: { component: web, command: [./server.sh, migrate], timeout: 2m }'],
  environment: ['snapshots: { minFree: 16MiB, verify: false }'],
})
const { backflip, live, must, rows, served, within, world, write } = shop
const { bed, client } = world
const edge = parseInstanceName(EDGE)

/** As the app's own tool would: psql in the release's own container, over the network. */
const migrating = (statements: string) =>
  `PGCONNECT_TIMEOUT=10 psql -X -v ON_ERROR_STOP=1 -h ${world.address(2)} -U postgres -d shop -c "${statements}"`
const SLOW = migrating('BEGIN; ALTER TABLE records ADD COLUMN slow text; SELECT pg_sleep(300); COMMIT')

beforeAll(async () => {
  await shop.publish(R1)
  await shop.publishMigrating(R2, migrating('ALTER TABLE records ADD COLUMN nick text'))
  await shop.publishMigrating(R3, SLOW)
  await must('deploy', R1, '--yes')
  await write([1, 2])
  await must('deploy', R2, '--yes')
  await write([3])
}, LIMIT_MS)
afterEach(() => ensureDaemon(bed))
afterAll(() => shop.end(), LIMIT_MS)

const record = () => within(({ journal }) => loadRecord(journal))
const columns = () =>
  sql(
    client,
    live,
    "SELECT string_agg(attname, ' ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'records'::regclass AND attnum > 0",
  )

/** Until the journal says that this step has begun, by an operation that runs beside us. */
async function untilBegun(step: string): Promise<void> {
  await expect
    .poll(
      async () => {
        const { open } = await record()
        return open?.steps[step]?.is
      },
      { timeout: 60_000, interval: 100 },
    )
    .toBe('started')
}

/** Until the migration holds its lock in the server. */
async function untilMigrating(): Promise<void> {
  await expect
    .poll(
      () =>
        sql(
          client,
          live,
          "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(300)%' AND pid <> pg_backend_pid()",
        ),
      {
        timeout: 60_000,
        interval: 200,
      },
    )
    .toContain('1')
}

const told = ({ exitCode, out, err }: Ended) => `${exitCode}\n${out}${err}`

describe('PostgreSQL dies in the middle of a migration', () => {
  it('phase B fails with the tool’s own words, users notice nothing, and nothing of it is in the database', {
    timeout: LIMIT_MS,
  }, async () => {
    const deploying = backflip('deploy', R3, '--yes')
    await untilMigrating()
    await mustRun(client, live, ['pkill', '-9', '-x', 'postgres'])
    const ended = await deploying
    expect(ended.exitCode, told(ended)).toBe(1)
    expect(ended.err).toContain('server closed the connection')
    expect(await served()).toEqual({ status: 200, sha: R2 })
    console.log(told(ended))
    const again = await backflip('deploy', R3, '--yes')
    console.log(told(again))
    expect(again.exitCode).toBe(1)
    expect(again.err).toContain('database-unreachable')
    expect(await served()).toEqual({ status: 200, sha: R2 })
    await mustRun(client, live, ['pg_ctlcluster', '15', 'main', 'start'])
    expect(await columns()).not.toContain('slow')
    console.log(told(await backflip('status')))
  })
})

describe('incusd dies', () => {
  it('in the middle of a migration: users notice nothing; when it is back the operation is taken up', {
    timeout: LIMIT_MS,
  }, async () => {
    const deploying = backflip('deploy', R3, '--yes')
    await untilMigrating()
    await killDaemon(bed)
    const ended = await deploying
    console.log(told(ended))
    expect(await served()).toEqual({ status: 200, sha: R2 })
    console.log(told(await backflip('status')))
    await startDaemon(bed)
    expect(await served()).toEqual({ status: 200, sha: R2 })
    const resumed = await backflip('resume')
    console.log(told(resumed))
  })

  it('in the middle of a restore: the page stays, nothing is lost, and when it is back the operation is taken up', {
    timeout: LIMIT_MS,
  }, async () => {
    const all = await rows()
    const restoring = backflip('restore', BEFORE_2, '--max-lost', 'any', '--reason', 'a test', '--yes')
    await untilBegun('verify-copy')
    await killDaemon(bed)
    const ended = await restoring
    console.log(told(ended))
    expect((await served()).status).toBe(503)
    console.log(told(await backflip('status')))
    await startDaemon(bed)
    console.log(told(await backflip('resume')))
    expect(await served()).toEqual({ status: 200, sha: R2 })
    expect(await rows()).toEqual(all)
    await write([4])
  })
})

describe('the container with HAProxy dies', () => {
  it('is said; nothing is changed by deploy and rollback; after its start all works', {
    timeout: LIMIT_MS,
  }, async () => {
    await changeState(client, edge, 'stop', { force: true })
    expect((await getInstance(client, edge))?.status).toBe('Stopped')
    console.log(told(await backflip('status')))
    console.log(told(await backflip('deploy', R1, '--yes')))
    console.log(told(await backflip('rollback', '--yes')))
    console.log(told(await backflip('doctor')))
    await changeState(client, edge, 'start')
    await expect.poll(async () => (await served().catch(() => ({ status: 0 }))).status, { timeout: 30_000 }).toBe(200)
    console.log(told(await backflip('status')))
    console.log(told(await backflip('rollback', '--yes')))
    console.log(told(await backflip('unfreeze', '--reason', 'x')))
    console.log(told(await backflip('deploy', R2, '--again', '--reason', 'x', '--yes')))
  })
})
