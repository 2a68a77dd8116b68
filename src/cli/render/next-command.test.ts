import { describe, expect, it } from 'vitest'
import { r } from '../../../test/fakes/history.ts'
import { People } from '../../../test/fakes/people.ts'
import { fakeRelease, type Migration, type Variety, withMigrations } from '../../../test/fakes/releases.ts'
import { BackflipError } from '../../domain/errors.ts'
import { deploy, prepareDeploy } from '../../operations/deploy.ts'
import type { Environment } from '../../operations/environment.ts'
import type { OverrideAsk } from '../../operations/override.ts'
import type { OneOffOutcome } from '../../ports/runtime.ts'
import { errorOf } from './next-command.ts'

const USERS = { '0001_users.sql': 'CREATE TABLE users (id bigint, nick text)' }
const DROP = { ...USERS, '0002_drop_nick.sql': 'ALTER TABLE users DROP COLUMN nick' }

const deployed =
  (n: number, override: OverrideAsk | null = null) =>
  async (environment: Environment) =>
    deploy(environment, await prepareDeploy(environment, { sha: r(n), again: false, reason: null, override }))

/** 1 serves; 2 drops a column that it reads. */
async function world(migration: Migration = 'succeeds', variety: Variety = 'good'): Promise<People> {
  const people = new People()
  people.world.releases.set(r(1), withMigrations(fakeRelease(r(1), 'good', 'succeeds'), USERS))
  people.world.releases.set(r(2), withMigrations(fakeRelease(r(2), variety, migration), USERS))
  people.world.releases.set(r(3), withMigrations(fakeRelease(r(3)), DROP))
  await people.type('ann', deployed(1))
  return people
}

/** Deploys 2, whose migration the runtime tells of like this. */
async function endOf(people: People, migrated: () => Promise<OneOffOutcome>) {
  return people.type('ann', ({ runtime, ...rest }) =>
    deployed(2)({ ...rest, runtime: { ...runtime, runOnce: migrated, oneOff: migrated } }),
  )
}

const outcome = (exitCode: number | null, ...lastLines: readonly string[]): OneOffOutcome => ({
  state: exitCode === null ? 'unknown' : 'finished',
  exitCode,
  lastLines,
})
const broken = new BackflipError('the connection broke', { code: 'incus-lost', kind: 'failed' })

describe('a migration that does not end well ends with what to type', () => {
  it.each([
    ['it fails', outcome(1, 'ERROR:  relation "users" does not exist'), `backflip deploy ${r(2)}`],
    [
      'it waits for a lock in vain',
      outcome(1, 'ERROR:  canceling statement due to lock timeout'),
      `see who holds the lock (pg_locks, pg_stat_activity), then: backflip deploy ${r(2)}`,
    ],
    ['nobody knows', outcome(null), `look into the database, then: backflip deploy ${r(2)}`],
  ])('%s', async (_when, said, command) => {
    const end = await endOf(await world(), async () => said)
    expect(end.state.unwinding?.phase).toBe('migrate')
    expect(errorOf(end)?.hint).toContain(command)
  })

  it('its runtime is lost before it began, and says nothing itself', async () => {
    const absent: OneOffOutcome = { state: 'absent', exitCode: null, lastLines: [] }
    const end = await (await world()).type('ann', ({ runtime, ...rest }) =>
      deployed(2)({
        ...rest,
        runtime: { ...runtime, runOnce: () => Promise.reject(broken), oneOff: async () => absent },
      }),
    )
    expect(end.error).toMatchObject({ code: 'incus-lost' })
    expect(end.error?.hint).toBeUndefined()
    expect(errorOf(end)?.hint).toBe(`mend what is said above, then: backflip deploy ${r(2)}`)
  })

  const asks = (changes: Partial<OverrideAsk>): OverrideAsk => ({
    rules: ['drop-column'],
    reason: 'x',
    inverse: { file: 'back.sql', text: 'ALTER TABLE users ADD COLUMN nick text' },
    hasNoInverse: false,
    expires: null,
    asks: true,
    ...changes,
  })
  it.each([
    ['breaks-releases', null, 'backflip migrations lint --explain drop-column'],
    ['no-inverse', asks({ inverse: null }), '--inverse FILE'],
    ['inverse-not-verified', asks({ inverse: { file: 'back.sql', text: 'SELECT 1' } }), '--no-inverse-possible'],
    ['nothing-to-override', asks({ rules: ['rename-column'] }), 'the same command without it'],
  ] as const)('an override that is refused: %s', async (code, override, command) => {
    const refused = (await world()).type('ann', deployed(3, override))
    await expect(refused).rejects.toMatchObject({ code, hint: expect.stringContaining(command) })
  })

  it('an override that wants a second person: whose command it is', async () => {
    const people = await world()
    const refused = people.type('ann', deployed(3, asks({})), { migrations: { secondPerson: true } })
    await expect(refused).rejects.toMatchObject({
      hint: expect.stringMatching(/^somebody else: backflip approve [0-9a-f]{12} /),
    })
  })
})

describe('an operation that failed elsewhere says what to type too', () => {
  it.each(['never-healthy', 'dies', 'wrong-sha'] as const)('a release that is %s', async (variety) => {
    const end = await (await world('succeeds', variety)).type('ann', deployed(2))
    expect(end.outcome).toBe('failed')
    expect(errorOf(end)?.hint).toMatch(/^backflip logs \S+ --color green/)
  })

  it('one that was interrupted: the same command', async () => {
    const people = await world()
    const plan = await people.type('ann', (environment) =>
      prepareDeploy(environment, { sha: r(2), again: false, reason: null }),
    )
    const end = await people.type('ann', (environment) => deploy(environment, plan, { signal: AbortSignal.abort() }))
    expect(errorOf(end)).toMatchObject({ code: 'interrupted', hint: `backflip deploy ${r(2)}   (begins it anew)` })
  })
})
