import { expect, it } from 'vitest'
import { BEFORE_2, restored, Shop } from '../../../../test/data/shop.ts'
import { r } from '../../../../test/fakes/history.ts'
import { People } from '../../../../test/fakes/people.ts'
import { fakeRelease, withMigrations } from '../../../../test/fakes/releases.ts'
import { BackflipError } from '../../../domain/errors.ts'
import { approve } from '../../../operations/approve.ts'
import { deploy, prepareDeploy } from '../../../operations/deploy.ts'
import type { Environment } from '../../../operations/environment.ts'
import { unfreeze } from '../../../operations/freeze.ts'
import { reportIncident } from '../../../operations/incident/report-incident.ts'
import type { OverrideAsk } from '../../../operations/override.ts'
import { loadRecord } from '../../../operations/record.ts'
import { prepareRollback, rollback } from '../../../operations/rollback.ts'
import { renderIncident } from './markdown.ts'

const LAST = { operation: null, sha: null, sinceMs: null, untilMs: null }
const SECOND = { migrations: { secondPerson: true } }
const USERS = { '0001_users.sql': 'CREATE TABLE users (id bigint, nick text)' }
const DROP = { ...USERS, '0002_drop_nick.sql': 'ALTER TABLE users DROP COLUMN nick' }
const OVERRIDE: OverrideAsk = {
  rules: ['drop-column'],
  reason: 'the old app is gone',
  inverse: { file: 'back.sql', text: 'ALTER TABLE users ADD COLUMN nick text' },
  hasNoInverse: false,
  expires: '2026-03-01',
  asks: true,
}

const deployed =
  (n: number, override: OverrideAsk | null = null) =>
  async (environment: Environment) =>
    deploy(environment, await prepareDeploy(environment, { sha: r(n), again: false, reason: null, override }))

const wentBack = (reason: string, override: OverrideAsk | null) => async (environment: Environment) =>
  rollback(environment, await prepareRollback(environment, { sha: null, mode: 'auto', reason, override }))

async function drafted(people: People): Promise<string> {
  const { incident } = await people.type('eve', (environment) => reportIncident(environment, LAST))
  if (incident === null) throw new Error('there is nothing to report')
  return renderIncident(incident)
}

it('a rollback past an override, and the fix: the whole document', async () => {
  const people = new People()
  for (const [n, texts] of [USERS, DROP, DROP].entries())
    people.world.releases.set(r(n + 1), withMigrations(fakeRelease(r(n + 1), 'good', 'succeeds'), texts))
  await people.type('ann', deployed(1))
  await people.type('ann', deployed(2, OVERRIDE), SECOND).catch(() => undefined)
  await people.type('bob', (environment) =>
    loadRecord(environment.journal).then(({ approvals }) => approve(environment, approvals[0]?.key ?? '')),
  )
  await people.type('ann', deployed(2, OVERRIDE), SECOND)
  await people.type('bob', wentBack('checkout is | <b>broken</b> `x` [here](http://evil)\n## Impact', OVERRIDE))
  await people.type('ann', (environment) => unfreeze(environment, 'the fix is reviewed'))
  await people.type('ann', deployed(3))
  await expect(await drafted(people)).toMatchFileSnapshot('../../../../test/golden/incident-rollback.md')
})

it('a restore: what was lost, what is kept, and for how long users were kept away', async () => {
  const shop = await Shop.open()
  shop.order(11, 15)
  await shop.type('ann', restored({ snapshot: BEFORE_2 }))
  await expect(await drafted(shop)).toMatchFileSnapshot('../../../../test/golden/incident-restore.md')
})

it('a deploy that is stuck: at what, and what a person types', async () => {
  const people = new People().publish([1, 'good'], [2, 'dies'])
  await people.type('ann', deployed(1))
  const gone = new BackflipError('the daemon is gone', { code: 'runtime-gone', kind: 'failed' })
  const end = await people.type('ann', ({ runtime, ...rest }) =>
    deployed(2)({ ...rest, runtime: { ...runtime, stop: () => Promise.reject(gone) } }),
  )
  expect(end.outcome).toBe('stuck')
  const text = await drafted(people)
  expect(text).toMatch(/^1\. .*deploy of 222222222222, is stuck/m)
  expect(text).toMatch(/^- deploy \S+ is stuck at start-instances: the daemon is gone, since .* → .*backflip resume$/m)
})
