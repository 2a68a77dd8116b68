import { expect, it } from 'vitest'
import { r } from '../../test/fakes/history.ts'
import { People } from '../../test/fakes/people.ts'
import { applyStandbyLimit, cleanup, prepareCleanup } from './cleanup.ts'
import { deploy, prepareDeploy } from './deploy.ts'
import type { Environment } from './environment.ts'
import { freeze, unfreeze } from './freeze.ts'
import { loadRecord } from './record.ts'

const HOUR_MS = 3_600_000
const KEPT = { standbyKeepMs: HOUR_MS }
const PLAIN = { color: null, force: false, reason: null }

const deployed = (n: number) => async (environment: Environment) =>
  deploy(environment, await prepareDeploy(environment, { sha: r(n), again: false, reason: null }))

async function twoReleases(): Promise<People> {
  const people = new People().publish([1, 'good'], [2, 'good'])
  await people.type('ann', deployed(1))
  await people.type('ann', deployed(2))
  return people
}

const colors = async ({ journal }: People) => (await loadRecord(journal)).colors

it('a standby color whose time is over is cleaned up without force, and the config is the reason that is kept', async () => {
  const people = await twoReleases()
  const plan = (changes: typeof KEPT) =>
    people.type('bob', (environment) => prepareCleanup(environment, PLAIN), changes)
  await expect(plan(KEPT)).rejects.toMatchObject({ code: 'last-way-back' })
  people.world.clock.nowMs += 2 * HOUR_MS
  expect(await plan(KEPT)).toMatchObject({
    reason: 'standby.keepFor, 1 h 0 min, is over',
    consumes: 'the fast way back to 111111111111 on blue',
  })
  await people.type('bob', async (environment) => cleanup(environment, await prepareCleanup(environment, PLAIN)), KEPT)
  expect(await colors(people)).toMatchObject({ blue: { is: 'empty' }, green: { is: 'started', sha: r(2) } })
})

it('the next command that cannot be about to need it applies the limit; a freeze leaves the way back open', async () => {
  const people = await twoReleases()
  people.world.clock.nowMs += 2 * HOUR_MS
  await people.type('ann', (environment) => freeze(environment, 'look at this first'), KEPT)
  expect(await colors(people)).toMatchObject({ blue: { is: 'started', sha: r(1) } })
  await people.type('ann', (environment) => unfreeze(environment, 'all is well'), KEPT)
  expect(await colors(people)).toMatchObject({ blue: { is: 'empty' }, green: { is: 'started', sha: r(2) } })
})

it('before its time, and without a limit, nothing is taken away', async () => {
  const people = await twoReleases()
  expect(await people.type('ann', (environment) => applyStandbyLimit(environment), KEPT)).toBeNull()
  people.world.clock.nowMs += 2 * HOUR_MS
  expect(await people.type('ann', (environment) => applyStandbyLimit(environment))).toBeNull()
  expect(await colors(people)).toMatchObject({ blue: { is: 'started', sha: r(1) } })
})
