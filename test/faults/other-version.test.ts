import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { OperationId } from '../../src/domain/ids.ts'
import { PLAN_VERSION, type Plan } from '../../src/domain/plan/plan.ts'
import { localLiveness } from '../../src/drivers/local/liveness.ts'
import { prepareDeploy } from '../../src/operations/deploy.ts'
import { sealPlan } from '../../src/operations/plan-hash.ts'
import { SCHEMA_VERSION } from '../../src/store/sqlite/schema.ts'
import { R1, R2, type RealWorld, realWorld } from '../crash/real/world.ts'
import { requireHaproxy, until } from '../edge/world.ts'
import { backflip, backflipRunning } from './command.ts'
import { type HooksFolder, hooksFolder } from './hooks-folder.ts'

const NEWER = { schema: SCHEMA_VERSION + 1, plan: PLAN_VERSION + 1 }

let folder: string
let world: RealWorld
let hooks: HooksFolder
const run = (...args: readonly string[]) => backflip(world, ...args)
const journalFile = () => join(world.folder, '.backflip', 'local', 'journal.sqlite')

beforeAll(async () => {
  requireHaproxy()
  folder = mkdtempSync(join(tmpdir(), 'bf-version-'))
  hooks = hooksFolder(join(folder, 'hooks'))
  world = await realWorld({ environment: [`hooks: ${hooks.path}`] })
  await world.deploy(R1)
})
beforeEach(() => hooks.clear())
afterAll(async () => {
  await world.close()
  rmSync(folder, { recursive: true, force: true })
})

/** A deploy of R2 that died before phase D, with the old color live. */
async function leaveOpen(): Promise<void> {
  const waits = join(folder, 'waits')
  hooks.set('pre-check', `touch '${waits}'; while [ -e '${waits}' ]; do sleep 0.05; done`)
  const victim = backflipRunning(world, 'deploy', R2, '--again', '--reason', 'a test', '--yes')
  await until(async () => existsSync(waits), 20_000)
  victim.child.kill('SIGKILL')
  rmSync(waits)
  await victim.ended()
  hooks.clear()
}

/** Everything that an order could have changed: the entries that are not about the lease, the edge, what runs. */
async function picture() {
  const environment = await world.open()
  try {
    const entries = await environment.journal.read({ newestFirst: true, limit: 1_000 })
    return {
      entries: entries.filter(({ fact }) => !fact.kind.startsWith('lease-')).length,
      edge: (await environment.edge.read()).memory,
      instances: await environment.runtime.list(),
    }
  } finally {
    await environment.journal.close()
  }
}

function setSchema(version: number): void {
  const database = new DatabaseSync(journalFile())
  database.exec(`pragma user_version = ${version}`)
  database.close()
}

describe('a newer backflip has brought the journal to its schema, and an operation is open', () => {
  const orders = [['resume'], ['abort'], ['deploy', R2, '--yes'], ['rollback', '--yes'], ['history'], ['doctor']]

  it('every command is refused, naming both versions and what to type; status says what serves; nothing changes', async () => {
    await leaveOpen()
    const before = await picture()
    setSchema(NEWER.schema)
    const bytes = readFileSync(journalFile())
    for (const args of orders) {
      const { exitCode, err } = run(...args)
      expect({ args, exitCode }).toEqual({ args, exitCode: 3 })
      expect(err).toContain(`schema ${NEWER.schema}; this one knows ${SCHEMA_VERSION}`)
      expect(err).toContain('→ with that version, or a newer one: backflip')
    }
    const status = run('status')
    expect(status.exitCode).toBe(3)
    expect(status.out).toContain(`not seen: the journal ${journalFile()} was written by a newer backflip`)
    expect(status.out).toMatch(/edge +sends traffic to blue/)
    expect(status.out).toMatch(/blue +111111111111 +web ●/)
    expect(JSON.parse(run('status', '--json').out)).toMatchObject({
      exitCode: 3,
      error: { code: 'journal-too-new' },
      edge: { memory: { live: 'blue' } },
    })
    expect(readFileSync(journalFile()).equals(bytes)).toBe(true)
    setSchema(SCHEMA_VERSION)
    expect(await picture()).toEqual(before)
    // The version that began it finishes it.
    expect(run('resume')).toMatchObject({ exitCode: 0 })
    expect(await world.served()).toEqual({ status: 200, sha: R2 })
  })
})

describe('an operation was begun by another version: its plan is one that this version cannot follow', () => {
  const plans: readonly (readonly [string, (plan: Plan) => Plan, RegExp])[] = [
    [
      'a newer shape',
      (plan) => ({ ...plan, version: NEWER.plan as unknown as typeof PLAN_VERSION, rings: [1, 2, 3] }) as Plan,
      new RegExp(`of version ${NEWER.plan}, and this backflip knows ${PLAN_VERSION}`),
    ],
    [
      'a step in its middle that is not known',
      (plan) => ({
        ...plan,
        steps: plan.steps.flatMap((step) =>
          step.id === 'check-room' ? [step, { ...step, id: 'warm-caches', title: 'Warm the caches' }] : [step],
        ),
      }),
      /does not know the step "warm-caches"/,
    ],
  ]

  /** What that version would have written: its own plan, under its own hash, and then it died. */
  async function begin(change: (plan: Plan) => Plan): Promise<OperationId> {
    const environment = await world.open()
    try {
      const { hash: _, ...plan } = change(await prepareDeploy(environment, { sha: R1, again: true, reason: 'a test' }))
      const self = await localLiveness().self('another version')
      const answer = await environment.journal.takeLease({
        kind: 'operation',
        // Of another boot: proved dead.
        holder: { ...self, bootId: 'another' },
        message: 'deploy',
      })
      if (!('taken' in answer)) throw new Error('somebody holds the environment')
      const fact = { kind: 'operation-started', plan: sealPlan(plan) } as const
      await environment.journal.append(answer.taken.token, [{ operation: plan.operation, actor: 'test', fact }])
      return plan.operation
    } finally {
      await environment.journal.close()
    }
  }

  /** As the version that began it would: it ends its operation. */
  async function end(operation: OperationId): Promise<void> {
    const { journal, liveness } = await world.open()
    try {
      const holder = await liveness.self('another version')
      const answer = await journal.takeLease({ kind: 'operation', holder, message: 'abort' })
      if (!('taken' in answer)) throw new Error('somebody holds the environment')
      const { token } = answer.taken
      const fact = { kind: 'operation-finished', outcome: 'aborted', error: null, seenMs: null, tookMs: 1 } as const
      await journal.append(token, [{ operation, actor: 'test', fact }])
      await journal.releaseLease(token)
    } finally {
      await journal.close()
    }
  }

  it.each(plans)('%s: resume and abort are refused, status answers, and nothing changes', async (_, change, says) => {
    const operation = await begin(change)
    const before = await picture()
    for (const verb of ['resume', 'abort']) {
      const { exitCode, err } = run(verb)
      expect({ verb, exitCode }).toEqual({ verb, exitCode: 3 })
      expect(err).toMatch(says)
      expect(err).toMatch(/→ .*version .*: backflip resume/)
    }
    const deploy = run('deploy', R1, '--again', '--reason', 'a test', '--yes')
    expect(deploy.exitCode).toBe(4)
    expect(deploy.err).toContain(`${operation} is unfinished`)
    const status = run('status')
    expect(status.exitCode).toBe(0)
    expect(status.out).toContain(`deploy ${operation} is unfinished`)
    expect(run('history')).toMatchObject({ exitCode: 0 })
    expect(run('history', '--verify')).toMatchObject({ exitCode: 0 })
    expect(await picture()).toEqual(before)
    await end(operation)
  })
})
