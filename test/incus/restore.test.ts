import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '../../examples/hello/demo/free-ports.ts'
import { getInstance, listInstances } from '../../src/drivers/incus/instances.ts'
import { parseInstanceName } from '../../src/drivers/incus/names.ts'
import { httpGet } from '../../src/lib/http-get.ts'
import { requireHaproxy } from '../edge/world.ts'
import { BRIDGE, GATEWAY, PREFIX_LENGTH, socketOf } from './bed/bed.ts'
import {
  type DataBed,
  LIVE,
  launchCopy,
  mustRun,
  POSTGRES,
  prepareTemplate,
  sql,
  waitUntilReady,
} from './data-world.ts'
import { incusWorld } from './world.ts'

const PROGRAM = fileURLToPath(new URL('../../bin/backflip.js', import.meta.url))
const [R1, R2] = ['1', '2'].map((digit) => digit.repeat(40)) as [string, string]
const BEFORE_2 = `pre-deploy-${R2}`
const LIMIT_MS = 180_000

const SERVER = `#!/bin/sh
set -eu
mkdir -p /tmp/www
echo "{\\"sha\\": \\"$BACKFLIP_SHA\\"}" >/tmp/www/index.html
exec busybox httpd -f -p "$PORT" -h /tmp/www
`

interface Ended {
  readonly exitCode: number | null
  readonly out: string
  readonly err: string
}

const world = await incusWorld()
const bed: DataBed = { world, kind: 'postgres', pool: 'btrfs' }
const live = parseInstanceName(LIVE)
const folder = join(world.folder, 'project')
let url: string

function backflip(...args: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LIMIT_MS,
  })
  let [out, err] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString('utf8')))
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString('utf8')))
  return new Promise((resolve) => child.once('close', (exitCode) => resolve({ exitCode, out, err })))
}

async function must(...args: readonly string[]): Promise<Ended> {
  const ended = await backflip(...args)
  if (ended.exitCode !== 0) throw new Error(`${args.join(' ')} ended with ${ended.exitCode}:\n${ended.out}${ended.err}`)
  return ended
}

async function served(): Promise<{ readonly status: number; readonly sha: string | null }> {
  const { status, body } = await httpGet({ url: `${url}/index.html`, headers: {}, timeoutMs: 2_000 })
  return { status, sha: status === 200 ? (JSON.parse(body) as { sha: string }).sha : null }
}

/** The app's own role: no superuser, so that it can be kept away. */
async function write(ids: readonly number[]): Promise<void> {
  const values = ids.map((id) => `(${id})`).join(', ')
  const argv = ['runuser', '-u', 'postgres', '--', 'psql', '-qAt', '-h', '127.0.0.1', '-U', 'app', '-d', 'shop']
  await mustRun(world.client, live, [...argv, '-c', `INSERT INTO records VALUES ${values}`])
}

/** One transaction after the other until told to stop; what was acknowledged, and when it was first turned away. */
function writer(first: number) {
  const acknowledged: number[] = []
  let isOver = false
  let refused = 0
  const work = (async () => {
    for (let id = first; !isOver; id += 1) {
      try {
        await write([id])
        acknowledged.push(id)
      } catch {
        refused += 1
        await new Promise((done) => setTimeout(done, 100))
      }
    }
  })()
  return {
    acknowledged,
    refused: () => refused,
    async stop() {
      isOver = true
      await work
    },
  }
}

const rows = async (where = 'true') =>
  (await sql(world.client, live, `SELECT id FROM records WHERE ${where} ORDER BY id`))
    .split('\n')
    .filter(Boolean)
    .map(Number)

beforeAll(async () => {
  requireHaproxy()
  await prepareTemplate(bed)
  await launchCopy(bed, LIVE, 2)
  await waitUntilReady(bed, LIVE)
  await sql(world.client, live, 'CREATE ROLE app LOGIN; GRANT ALL ON records TO app')
  await mustRun(world.client, live, [
    'sed',
    '-i',
    '1i host shop app 127.0.0.1/32 trust',
    '/etc/postgresql/15/main/pg_hba.conf',
  ])
  await sql(world.client, live, 'SELECT pg_reload_conf()')
  mkdirSync(join(folder, 'app'), { recursive: true })
  const port = await freePort()
  url = `http://127.0.0.1:${port}`
  writeFileSync(
    join(folder, 'backflip.yaml'),
    `app: shop
components:
  web: { command: [./server.sh], routes: [{ path: / }], health: { path: /index.html }, stopTimeout: 2s }
environments:
  staging:
    incus: { socket: ${socketOf(world.bed)}, project: ${world.client.project} }
    edge: { bind: "127.0.0.1:${port}", maintenance: { retryAfter: 7s, healthPaths: [/healthz] } }
    runtime:
      driver: incus
      image: bb
      service: script
      port: 8000
      addresses: { range: ${world.address(50)}-${world.address(60)}, gateway: ${GATEWAY}, prefix: ${PREFIX_LENGTH} }
      network: { name: ${BRIDGE} }
    registry: { path: ./registry }
    check: { consecutive: 1, interval: 50ms, limit: 20s }
    verify: { bake: "0" }
    data:
      db:
        kind: postgres
        instance: ${LIVE}
        database: shop
        dataFolder: ${POSTGRES.dataFolder}
        control: { start: [pg_ctlcluster, "15", main, start], stop: [pg_ctlcluster, "15", main, stop, -m, fast] }
    snapshots: { minFree: 16MiB }
`,
  )
  for (const sha of [R1, R2]) {
    writeFileSync(join(folder, 'app', 'server.sh'), `${SERVER}# ${sha}\n`)
    chmodSync(join(folder, 'app', 'server.sh'), 0o755)
    await must('publish', '--sha', sha, 'web=app')
  }
}, LIMIT_MS)
afterAll(async () => {
  await backflip('down', '--yes')
  await world.end()
}, LIMIT_MS)

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
