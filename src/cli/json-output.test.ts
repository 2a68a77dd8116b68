import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fakeStore } from '../../test/fakes/data-store.ts'
import { manifest, operationId, r } from '../../test/fakes/history.ts'
import { People } from '../../test/fakes/people.ts'
import { parseDataServiceName } from '../domain/ids.ts'
import { lockByPerson } from '../engine/lease.ts'
import { deploy, prepareDeploy } from '../operations/deploy.ts'
import type { Environment } from '../operations/environment.ts'
import { freeze } from '../operations/freeze.ts'
import type { BackfillState } from '../ports/backfill.ts'
import type { DataService } from '../ports/data-service.ts'
import { COMMANDS } from './commands/index.ts'
import type { Io } from './io.ts'
import { main } from './main.ts'
import { quickParse } from './quick-parse.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'backflip-json-'))
  for (const component of ['backend', 'web']) {
    mkdirSync(join(folder, component))
    writeFileSync(join(folder, component, 'server.js'), '')
  }
  writeFileSync(join(folder, 'inverse.sql'), 'SELECT 1;')
  writeFileSync(join(folder, 'change.sql'), 'ALTER TABLE orders ADD COLUMN note text;')
  writeFileSync(join(folder, 'change-rows.sql'), "UPDATE orders SET note = '' WHERE note IS NULL")
  mkdirSync(join(folder, 'migrations'))
  writeFileSync(join(folder, 'migrations', '0001_init.sql'), 'CREATE TABLE orders (id bigint PRIMARY KEY);')
  writeFileSync(join(folder, 'usage.json'), JSON.stringify(USAGE))
  mkdirSync(join(folder, 'one'))
  writeFileSync(join(folder, 'one', '0001_init.sql'), 'CREATE TABLE orders (id bigint PRIMARY KEY);')
  // For the server's user, where root has another one for it.
  chmodSync(folder, 0o711)
})
afterAll(() => rmSync(folder, { recursive: true }))

/** 1 and 2 were deployed with a database beside them; 3 is published. */
async function world(): Promise<People> {
  const people = new People().publish([1, 'good'], [2, 'good'], [3, 'good'])
  people.world.data.set(parseDataServiceName('db'), fakeStore())
  for (const n of [1, 2]) await people.type('ann', deployed(n))
  return people
}

const deployed = (n: number) => async (environment: Environment) =>
  deploy(environment, await prepareDeploy(environment, { sha: r(n), again: false, reason: null }))

/** An operation that its process did not live to end. */
async function leaveOpen(people: People): Promise<void> {
  const { environment, operator } = people.process('ann')
  deployed(3)(environment).catch(() => undefined)
  while (people.world.instancesOf('blue').every(({ sha }) => sha !== r(3)))
    await new Promise((done) => setImmediate(done))
  operator.dead = true
}

function withBackfill(service: DataService): DataService {
  const database = service.database()
  return { ...service, database: () => database && { ...database, backfill: async () => BACKFILLED } }
}

const BACKFILLED: BackfillState = {
  phase: 'done',
  passes: 2,
  seenRows: 3,
  totalRows: 3,
  changedRows: 3,
  batchRows: 5_000,
  batches: 1,
  lockWaits: 0,
  pausedMs: 0,
  pausedBy: null,
  remainingRows: 0,
}

const USAGE = {
  version: 1,
  sha: null,
  source: 'recording',
  collectedAt: '2026-01-01T00:00:00Z',
  uses: [],
  statements: [{ text: 'SELECT 1', calls: 1, parameterTypes: [], samples: [] }],
  leftOut: 0,
}

const takeLock = (people: People) =>
  people.type('bob', ({ journal, liveness, actor }) => lockByPerson({ journal, liveness, actor, message: 'lunch' }))

/** With components to publish, a registry that takes them, a state folder that is there, and logs that say something. */
function withFiles({ config, settings, registry, runtime, data, ...rest }: Environment): Environment {
  return {
    ...rest,
    data: data.map(withBackfill),
    config: { ...config, components: manifest(r(4)).components },
    settings: { ...settings, stateFolder: folder },
    registry: { ...registry, publish: async (one) => ({ ...one, manifestSha256: '' }) },
    runtime: {
      ...runtime,
      lastLines: async () => ['one', 'two'],
      follow: async function* () {
        yield 'three'
      },
    },
  }
}

function ioTo(said: string[], aborted = false): Io {
  return {
    out: (text) => void said.push(text),
    err: () => undefined,
    isTerminal: true,
    columns: 80,
    useColor: true,
    cwd: folder,
    variables: {},
    signal: aborted ? AbortSignal.abort() : new AbortController().signal,
    ask: async () => null,
  }
}

/** What the command prints on standard output, and its exit code. */
async function type(people: People, argv: readonly string[], aborted = false) {
  const parsed = quickParse(argv, COMMANDS)
  if (parsed === null) throw new Error(`${argv.join(' ')} is no command`)
  const said: string[] = []
  const { environment } = people.process('ann')
  const exitCode = await people.settle(
    parsed.command.run({
      args: parsed.args,
      options: parsed.options,
      io: ioTo(said, aborted),
      config: async () => withFiles(environment).config,
      environment: async () => withFiles(environment),
      surroundings: async () => withFiles(environment),
      changing: () => undefined,
    }),
  )
  return { name: parsed.command.name, exitCode, out: said.join('') }
}

interface Row {
  readonly command: string
  readonly prepare?: (people: People) => Promise<unknown>
  /** Default 0. */
  readonly exitCode?: number
  /** It goes on until Ctrl-C. */
  readonly isEnded?: boolean
}

const SNAPSHOT = `pre-deploy-${r(2)}`
const ROWS: readonly Row[] = [
  { command: 'init' },
  { command: 'check' },
  { command: 'migrations lint migrations' },
  { command: 'migrations check one/0001_init.sql --cache shadow' },
  { command: `migrations usage ${r(2)} --from usage.json` },
  { command: 'migrations record --to 127.0.0.1:1 --out recorded.json', isEnded: true },
  { command: 'migrations plan change.sql --history migrations --out planned' },
  { command: 'migrations backfill change-rows.sql' },
  { command: `publish --sha ${r(4)} backend=backend web=web` },
  { command: 'releases list' },
  { command: `releases mark-good ${r(1)} --reason x` },
  { command: 'releases prune' },
  { command: `deploy ${r(3)} --yes` },
  { command: 'rollback --yes' },
  { command: `plan deploy ${r(3)}` },
  { command: 'plan rollback' },
  { command: 'approve' },
  { command: 'status' },
  { command: 'history' },
  { command: `history --operation ${operationId(1)}` },
  { command: 'history --verify' },
  { command: 'incident' },
  { command: `diff ${r(1)} ${r(2)}` },
  { command: 'logs web' },
  { command: 'resume', prepare: leaveOpen },
  { command: 'abort', prepare: leaveOpen, exitCode: 1 },
  { command: 'cleanup --force --reason x --yes' },
  { command: 'cleanup --expired' },
  { command: 'snapshots list' },
  { command: 'snapshots verify' },
  { command: `snapshots prune ${SNAPSHOT} --yes` },
  { command: `restore ${SNAPSHOT} --max-lost any --reason x` },
  { command: 'sql inverse.sql --reason x --yes' },
  { command: 'doctor' },
  { command: 'doctor --repair' },
  { command: 'lock acquire -m lunch' },
  { command: 'lock release', prepare: takeLock },
  { command: 'lock status', prepare: takeLock },
  { command: 'lock break --reason x', prepare: takeLock },
  { command: 'freeze --reason x' },
  {
    command: 'unfreeze --reason x',
    prepare: (people) => people.type('ann', (environment) => freeze(environment, 'x')),
  },
  { command: 'adopt --reason x' },
  { command: 'up' },
  { command: 'down --yes' },
]

describe('--json: one document on standard output, and nothing else', () => {
  it.each(ROWS)('$command', async ({ command, prepare, exitCode = 0, isEnded = false }) => {
    const people = await world()
    await prepare?.(people)
    const ended = await type(people, [...command.split(' '), '--json'], isEnded)
    expect(ended.exitCode).toBe(exitCode)
    expect(ended.out.match(/\n/g)).toHaveLength(1)
    expect(JSON.parse(ended.out)).toEqual(expect.anything())
  })

  it('no command is missing above', () => {
    const named = new Set(ROWS.map(({ command }) => quickParse(command.split(' '), COMMANDS)?.command.name))
    expect(COMMANDS.map(({ name }) => name).filter((name) => !named.has(name))).toEqual([])
  })

  it('a log is one object with its lines', async () => {
    const { out } = await type(await world(), ['logs', 'web', '--json'])
    expect(JSON.parse(out)).toEqual({ component: 'web', color: 'green', lines: ['one', 'two'] })
  })

  it('a command line that is none: its mistake, with exit 2', async () => {
    const said: string[] = []
    expect(await main(['deploy', '--json'], ioTo(said), '0')).toBe(2)
    expect(JSON.parse(said.join(''))).toMatchObject({
      exitCode: 2,
      error: { kind: 'usage', message: expect.stringContaining("missing required argument 'sha'") },
    })
  })
})

describe('--json where output goes on: one object a line', () => {
  const lines = (out: string) =>
    out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as object)

  it('logs -f', async () => {
    const { out } = await type(await world(), ['logs', 'web', '-f', '--json'])
    expect(lines(out)).toEqual(['one', 'two', 'three'].map((line) => ({ component: 'web', color: 'green', line })))
  })

  it('status --watch, also on a terminal', async () => {
    const { out } = await type(await world(), ['status', '--watch', '--json'], true)
    expect(lines(out)).toEqual([expect.objectContaining({ app: 'hello' })])
  })

  it('--events: each entry, and how it ended last', async () => {
    const { out } = await type(await world(), ['deploy', r(3), '--yes', '--events', '--json'])
    expect(lines(out)[0]).toMatchObject({ fact: { kind: 'operation-started' } })
    expect(lines(out).at(-1)).toMatchObject({ outcome: 'done', exitCode: 0 })
  })
})
