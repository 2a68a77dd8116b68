import { expect, it } from 'vitest'
import { r } from '../../test/fakes/history.ts'
import { People } from '../../test/fakes/people.ts'
import { deploy, prepareDeploy } from './deploy.ts'
import type { Environment } from './environment.ts'
import { unfreeze } from './freeze.ts'
import { markGood } from './mark-good.ts'
import { loadRecord } from './record.ts'
import { prepareRollback, rollback } from './rollback.ts'

const planned = (n: number) => (environment: Environment) =>
  prepareDeploy(environment, { sha: r(n), again: true, reason: 'a test' })

async function served(...releases: readonly number[]): Promise<People> {
  const people = new People().publish([1, 'good'], [2, 'good'], [3, 'good'])
  for (const n of releases)
    await people.type('ann', async (environment) => deploy(environment, await planned(n)(environment)))
  return people
}

it('what is approved is what runs: a plan that was changed after its hash was made is refused', async () => {
  const people = await served(1)
  const plan = await people.type('ann', planned(2))
  const steps = plan.steps.filter(({ id }) => id !== 'check-instances')
  await expect(people.type('ann', (environment) => deploy(environment, { ...plan, steps }))).rejects.toThrow(/plan/)
  expect((await loadRecord(people.journal)).live).toMatchObject({ sha: r(1) })
})

it('I6: a way back that was opened after the plan was made is not destroyed by it', async () => {
  const people = await served(1, 2)
  await people.type('ann', async (environment) =>
    rollback(environment, await prepareRollback(environment, { sha: null, mode: 'fast', reason: null })),
  )
  const { environment } = people.process('ann')
  await people.settle(unfreeze(environment, 'go on'))
  // Green holds 2, which was rolled away from: no way back. Then somebody finds that it was good after all.
  const plan = await people.settle(planned(3)(environment))
  expect(plan.consumes).toBeNull()
  await people.settle(markGood(environment, r(2), 'it was not its fault'))
  await expect(people.settle(deploy(environment, plan))).rejects.toMatchObject({
    code: 'plan-outdated',
    details: ['the fast way back to 222222222222 on green'],
  })
})

it('a rollback without a reason freezes deploys with one that says from where', async () => {
  const people = await served(1, 2)
  const go = (reason: string | null) =>
    people.type('ann', async (environment) =>
      rollback(environment, await prepareRollback(environment, { sha: null, mode: 'fast', reason })),
    )
  await go(null)
  expect((await loadRecord(people.journal)).freeze?.reason).toBe(`rolled back from ${r(2)}`)
  const again = await served(1, 2)
  await again.type('ann', async (environment) =>
    rollback(environment, await prepareRollback(environment, { sha: null, mode: 'fast', reason: 'checkout' })),
  )
  expect((await loadRecord(again.journal)).freeze?.reason).toBe('checkout')
})
