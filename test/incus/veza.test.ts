import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type OperationTold, readOperations } from '../../examples/hello/demo/operations.ts'
import { summarize } from '../../examples/hello/traffic.ts'
import { mustRun } from '../../examples/veza/create/run.ts'
import { listInstances } from '../../src/drivers/incus/instances.ts'
import { startVezaTraffic, type VezaTraffic } from './veza-traffic.ts'
import { change, type Veza, veza } from './veza-world.ts'

const LIMIT = { timeout: 240_000 }
const [R1, R2, BAD, POISON] = ['1', '2', 'b', 'd'].map((digit) => digit.repeat(40)) as [string, string, string, string]
const ORDERS = 'backend/www/cgi-bin/orders'
const DROPS = 'backend/migrations/0002_drop_placed_by'
const INVERSE = `ALTER TABLE orders ADD COLUMN placed_by text NOT NULL DEFAULT '';\n`

let world: Veza
/** Operations that were read from the journal already. */
const known = new Map<string, OperationTold>()
beforeAll(async () => {
  world = await veza()
  // CI's time: a second is a hundred requests.
  change(join(world.folder, 'backflip.yaml'), 'bake: 3s', 'bake: 1s')
  writeFileSync(join(world.folder, 'inverse.sql'), INVERSE)
}, 240_000)
afterAll(() => world?.close(), 120_000)

async function live(): Promise<string> {
  return ((await (await fetch(`${world.url}/api/v1/health`)).json()) as { sha: string }).sha
}

/** Well in place, bad behind the edge: only requests that HAProxy forwards carry it. */
function spoil(app: string): void {
  const refuse = `if env | grep -q '^HTTP_X_FORWARDED_FOR='; then say '500 Internal Server Error' error bad; fi`
  change(join(app, ORDERS), 'if [', `${refuse}\nif [`)
}

/** Does without a column that the releases before need. */
function poison(app: string): void {
  change(join(app, ORDERS), "(placed_by) VALUES ('$BACKFLIP_SHA')", 'DEFAULT VALUES')
  writeFileSync(join(app, `${DROPS}.sql`), 'ALTER TABLE orders DROP COLUMN placed_by;\n')
  writeFileSync(join(app, `${DROPS}.down.sql`), INVERSE)
}

/** The commands of the guide's first block, without their comments. */
function guide(): readonly string[] {
  const text = readFileSync(new URL('../../docs/guides/incus.md', import.meta.url), 'utf8')
  const [, block = ''] = /## The runbook's set-up[\s\S]*?```sh\n([\s\S]*?)```/.exec(text) ?? []
  return block
    .split('\n')
    .map((line) => line.replace(/ +#.*$/, ''))
    .filter(Boolean)
}

/** What `veza()` did, what a shell is told, and a limit of the whole host, which a test leaves alone. */
const PREPARED = [
  'sysctl -w fs.inotify.max_user_instances=1024',
  'npm run veza',
  'cd veza',
  'alias backflip="node $PWD/../bin/backflip.js"',
  'sha=$(git rev-parse HEAD)',
]

/** Runs a line of the guide, with the test's own project and addresses. */
async function follow(line: string): Promise<void> {
  const subnet = new URL(world.url).hostname.replace(/\.\d+$/, '')
  const [program, ...args] = line.replaceAll('$sha', R1).replaceAll('10.77.1', subnet).split(' ')
  if (program === 'backflip') await world.must(...args)
  else if (program === 'curl') await get(args)
  else if (program === 'incus')
    await mustRun(['incus', ...args.map((one) => (one === 'veza' ? world.host.project : one))], {
      env: { ...process.env, INCUS_SOCKET: world.host.socket },
      limitMs: 30_000,
    })
  else if (!PREPARED.includes(line)) throw new Error(`the guide has a line that nobody tried: ${line}`)
}

async function get(args: readonly string[]): Promise<void> {
  const answer = await fetch(args.at(-1) ?? '', { method: args[0] === '-X' ? (args[1] ?? '') : 'GET' })
  const { sha } = (await answer.json()) as { sha: string }
  if (answer.status !== 200 || sha !== R1) throw new Error(`curl ${args.join(' ')}: ${answer.status} by ${sha}`)
}

/** Every answer beside the flips of the journal, and every acknowledged order beside the table. */
async function judge(traffic: VezaTraffic) {
  await traffic.stop()
  const operations = await readOperations(world, known)
  const flips = operations.flatMap((operation) => operation.flips)
  const { failed, wrongColor, spoiled, bySha, examples } = summarize(traffic.records, { flips, bad: [BAD] })
  const rows = new Set((await world.sql('SELECT id FROM orders')).split('\n').filter(Boolean).map(Number))
  return { failed, wrongColor, examples, lost: traffic.orders.filter((id) => !rows.has(id)), spoiled, bySha }
}

const NOTHING_WRONG = { failed: 0, wrongColor: 0, examples: [], lost: [] }

describe('the runbook’s own set-up on a real Incus, made by the example’s script, under load', () => {
  it('is deployed by every line of the guide, in its order, under the runbook’s names', LIMIT, async () => {
    expect(world.created).toContain('made: veza-staging-haproxy, veza-staging-postgres')
    for (const line of guide()) await follow(line)
    const names = (await listInstances(world.client)).map(({ name }) => name)
    const ours = ['haproxy', 'postgres', 'backend-blue', 'stream-blue', 'web-blue'].map((one) => `veza-staging-${one}`)
    expect(names).toEqual(expect.arrayContaining(ours))
    expect(await live()).toBe(R1)
  })

  it(
    'deploys and goes back fast: no request failed, none by the wrong color, no acknowledged order lost',
    LIMIT,
    async () => {
      await world.publish(R2)
      // One proof is enough: each is a copy that starts a PostgreSQL.
      change(join(world.folder, 'backflip.yaml'), 'snapshots: {', 'snapshots: { verify: false,')
      const traffic = startVezaTraffic(world.url)
      await world.must('deploy', R2, '--yes')
      expect(await live()).toBe(R2)
      await world.must('rollback', '--mode', 'fast', '--reason', 'checkout', '--yes')
      expect(await live()).toBe(R1)
      const { spoiled, bySha, ...wrong } = await judge(traffic)
      expect(wrong).toEqual(NOTHING_WRONG)
      expect(spoiled).toEqual({})
      expect(bySha[R1]).toBeGreaterThan(100)
      expect(bySha[R2]).toBeGreaterThan(10)
      expect(traffic.orders.length).toBeGreaterThan(20)
    },
  )

  it(
    'takes traffic back by itself from a release that is bad behind the edge: exit 5, and only that release’s own answers were spoiled',
    LIMIT,
    async () => {
      await world.must('unfreeze', '--reason', 'it was the network')
      await world.publish(BAD, spoil)
      const traffic = startVezaTraffic(world.url)
      const { code, err } = await world.backflip(['deploy', BAD, '--yes'])
      const { spoiled, ...wrong } = await judge(traffic)
      expect({ code, said: /server errors/.test(err) }, err).toEqual({ code: 5, said: true })
      expect(wrong).toMatchObject(NOTHING_WRONG)
      expect(spoiled[BAD]).toBeGreaterThan(0)
      expect(await live()).toBe(R1)
    },
  )

  it(
    'refuses a migration that the live release does not survive, and a way back that does not fit',
    LIMIT,
    async () => {
      await world.publish(POISON, poison)
      const refused = await world.backflip(['deploy', POISON, '--yes'])
      expect({ code: refused.code, said: refused.err.includes('DROP COLUMN placed_by') }).toEqual({
        code: 3,
        said: true,
      })
      const because = ['--override', 'drop-column', '--reason', 'nobody reads it', '--inverse', 'inverse.sql']
      await world.must('deploy', POISON, '--yes', ...because)
      expect(await live()).toBe(POISON)
      const { code, err } = await world.backflip(['rollback', '--mode', 'fast', '--reason', 'somebody does', '--yes'])
      expect({ code, said: err.includes('placed_by') }).toEqual({ code: 3, said: true })
    },
  )

  it(
    'runs the inverse, goes back in full, and cleans up: no request failed, none by the wrong color',
    LIMIT,
    async () => {
      const traffic = startVezaTraffic(world.url)
      const inverse = ['--inverse-of', '0002_drop_placed_by.sql', '--reason', 'going back']
      const { err } = await world.must('sql', 'inverse.sql', ...inverse, '--yes')
      expect(err).toContain('one transaction')
      await world.must('rollback', R1, '--mode', 'full', '--reason', 'orders lost their release', '--yes')
      expect(await live()).toBe(R1)
      await world.must('cleanup', '--force', '--reason', 'room', '--yes')
      const { bySha, ...wrong } = await judge(traffic)
      expect(wrong).toEqual({ ...NOTHING_WRONG, spoiled: {} })
      expect(Object.keys(bySha).toSorted()).toEqual([R1, POISON])
      const names = (await listInstances(world.client)).map(({ name }) => name)
      expect(names.filter((name) => /-(blue|green)$/.test(name))).toHaveLength(3)
      // By processes of their own, that nobody waits for.
      const proved = new RegExp(`pre-deploy-${R1} +verified`)
      const list = async () => (await world.must('snapshots', 'list')).out
      await expect.poll(list, { timeout: 90_000, interval: 1_000 }).toMatch(proved)
      const { out } = await world.must('status')
      expect(out).toMatch(/live +111111111111/)
      expect(out).toMatch(/data +veza-staging-postgres container running/)
    },
  )
})
