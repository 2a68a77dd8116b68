import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { changeState } from '../../src/drivers/incus/instances.ts'
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
  // The operator's HAProxy runs with our file, which is empty: it is reloaded with what we wrote, by its own master.
  await shop.publishMigrating(R4, migrating('ALTER TABLE records ADD COLUMN IF NOT EXISTS note text'))
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

/** A database that was killed is started by its operator. */
const startServer = () => mustRun(client, live, ['pg_ctlcluster', '15', 'main', 'start'])

describe('PostgreSQL dies in the middle of a migration', () => {
  it('phase B fails with the tool’s own words, users notice nothing, and nothing of it is in the database', {
    timeout: LIMIT_MS,
  }, async () => {
    const deploying = backflip('deploy', R3, '--yes')
    await untilMigrating()
    await mustRun(client, live, ['pkill', '-9', '-x', 'postgres'])
    const ended = await deploying
    const again = await backflip('deploy', R3, '--yes')
    const meanwhile = await served()
    await startServer()
    expect(ended.exitCode, told(ended)).toBe(1)
    expect(ended.err).toMatch(/the migration ended with exit code 2 +\(exit 1, users saw nothing\)/)
    expect(ended.err).toMatch(/connection to server was lost|server closed the connection/)
    expect(again.exitCode, told(again)).toBe(1)
    expect(again.err).toContain('does not answer   (exit 1, users saw nothing)')
    expect(meanwhile).toEqual({ status: 200, sha: R2 })
    expect(await columns()).toContain('id nick')
    expect(await columns()).not.toContain('slow')
    expect((await record()).live?.sha).toBe(R2)
  })
})

describe('somebody holds a lock for ever', () => {
  it('a migration that needs it gives up by its lock timeout, with nobody waiting behind it', {
    timeout: LIMIT_MS,
  }, async () => {
    const holding = sql(client, live, 'BEGIN; LOCK TABLE records; SELECT pg_sleep(299)')
    holding.catch(() => undefined)
    await expect
      .poll(() => sql(client, live, "SELECT count(*) FROM pg_locks WHERE relation = 'records'::regclass AND granted"), {
        timeout: 30_000,
      })
      .toContain('1')
    const ended = await backflip('deploy', R3, '--yes')
    await sql(
      client,
      live,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(299)%'
      AND pid <> pg_backend_pid()`,
    )
    expect(ended.exitCode, told(ended)).toBe(1)
    expect(ended.err).toContain('canceling statement due to lock timeout')
    expect(await served()).toEqual({ status: 200, sha: R2 })
  })
})

describe('incusd dies', () => {
  it('in the middle of a migration: users notice nothing; it is not run again by itself, and the next deploy works', {
    timeout: LIMIT_MS,
  }, async () => {
    const deploying = backflip('deploy', R3, '--yes')
    await untilMigrating()
    await killDaemon(bed)
    const ended = await deploying
    const blind = await backflip('status')
    const meanwhile = await served()
    await startDaemon(bed)
    expect(ended.exitCode, told(ended)).toBe(6)
    expect(ended.err).toContain('nobody can tell whether the migration was applied')
    expect(blind).toMatchObject({
      exitCode: 0,
      out: expect.stringMatching(/instances +not seen: no Incus answers/) as string,
    })
    expect(meanwhile).toEqual({ status: 200, sha: R2 })
    expect((await record()).open).toBeNull()
    expect(await served()).toEqual({ status: 200, sha: R2 })
    await sql(
      client,
      live,
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(300)%' AND pid <> pg_backend_pid()",
    )
    expect(await columns()).not.toContain('slow')
    await must('deploy', R4, '--yes')
    expect(await served()).toEqual({ status: 200, sha: R4 })
  })

  it('in the middle of a restore: the page stays, nothing is lost, and when it is back the operation is taken up', {
    timeout: LIMIT_MS,
  }, async () => {
    const [all, { live: before }] = [await rows(), await record()]
    const restoring = backflip('restore', BEFORE_2, '--max-lost', 'any', '--reason', 'a test', '--yes')
    await untilBegun('verify-copy')
    await killDaemon(bed)
    const ended = await restoring
    const blind = await backflip('status')
    const meanwhile = await served()
    await startDaemon(bed)
    const resumed = await backflip('resume')
    expect(ended.exitCode, told(ended)).toBe(6)
    expect(ended.err).toMatch(/✗ D Start the copy/)
    expect(ended.err).toMatch(/exit 6, stuck: an undo failed/)
    expect(blind.exitCode).toBe(0)
    expect(blind.out).toMatch(/closed +users see the maintenance page since/)
    expect(blind.out).toMatch(/edge +not seen/)
    expect(meanwhile.status).toBe(503)
    expect(resumed.exitCode, told(resumed)).toBe(1)
    expect(resumed.err).toContain('data and traffic are as they were')
    expect((await record()).open).toBeNull()
    expect(await served()).toEqual({ status: 200, sha: before?.sha })
    expect(await rows()).toEqual(all)
    await write([4])
  })
})

describe('the container with HAProxy dies', () => {
  it('is said, with what starts it; deploy and rollback change nothing; after its start all works', {
    timeout: LIMIT_MS,
  }, async () => {
    await changeState(client, edge, 'stop', { force: true })
    const [shown, deploy, rollback, up] = [
      await backflip('status'),
      await backflip('deploy', R1, '--yes'),
      await backflip('rollback', '--yes'),
      await backflip('up'),
    ]
    await changeState(client, edge, 'start')
    await expect.poll(async () => (await served().catch(() => ({ status: 0 }))).status, { timeout: 60_000 }).toBe(200)
    expect(shown.out).toMatch(/edge +does not run +\(incus start edge/)
    expect(shown.out).toMatch(/fast closed: the edge does not run/)
    for (const refused of [deploy, rollback]) {
      expect(refused.exitCode, told(refused)).toBe(1)
      expect(refused.err).toMatch(/the edge does not run, so nothing can be switched +\(exit 1, nothing changed\)/)
      expect(refused.err).toContain('incus start edge')
    }
    expect(up.exitCode, told(up)).toBe(3)
    expect(up.err).toContain('incus start')
    // What it served before is what it serves.
    const { live: before } = await record()
    expect(await served()).toEqual({ status: 200, sha: before?.sha })
    await must('rollback', '--yes')
    expect((await served()).sha).not.toBe(before?.sha)
    await must('unfreeze', '--reason', 'a test')
  })
})

describe('a pool without room for what is asked', () => {
  it('is said with both numbers before anything is changed', { timeout: LIMIT_MS }, async () => {
    const file = join(shop.folder, 'backflip.yaml')
    const text = readFileSync(file, 'utf8')
    writeFileSync(file, text.replace('minFree: 16MiB', 'minFree: 900GiB'))
    const refused = await backflip('deploy', R1, '--again', '--reason', 'a test', '--yes')
    writeFileSync(file, text)
    expect(refused.exitCode, told(refused)).toBe(3)
    expect(refused.err).toMatch(/has [0-9]+ bytes free, and at least 966367641600 are asked for/)
    expect(refused.err).toContain('backflip snapshots prune')
  })
})
