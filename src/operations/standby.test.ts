import { expect, it } from 'vitest'
import { r } from '../../test/fakes/history.ts'
import { People } from '../../test/fakes/people.ts'
import { adopt } from './adopt.ts'
import { deploy, prepareDeploy } from './deploy.ts'
import { prepareRollback } from './rollback.ts'
import { status } from './status.ts'

async function twoReleases(): Promise<People> {
  const people = new People().publish([1, 'good'], [2, 'good'])
  for (const n of [1, 2])
    await people.type('ann', async (environment) =>
      deploy(environment, await prepareDeploy(environment, { sha: r(n), again: false, reason: null })),
    )
  return people
}

const plan = (people: People, mode: 'fast' | 'auto') =>
  people.type('ann', (environment) => prepareRollback(environment, { sha: null, mode, reason: null }))

it('an instance that is not there closes the fast way, each with its name; auto then says full', async () => {
  const people = await twoReleases()
  expect(await plan(people, 'auto')).toMatchObject({ mode: 'fast', target: { sha: r(1) } })
  const [one] = people.world.instancesOf('blue')
  const name = one?.name ?? ''
  people.world.runtime.instances.delete(name)
  await expect(plan(people, 'fast')).rejects.toMatchObject({
    code: 'fast-closed',
    details: expect.arrayContaining([`${name}: not there`]),
  })
  expect(await plan(people, 'auto')).toMatchObject({ mode: 'full' })
})

it('an instance that runs and that the edge sees as down closes it too', async () => {
  const people = await twoReleases()
  const [one] = people.world.instancesOf('blue')
  if (one === undefined) throw new Error('nothing runs on blue')
  people.world.runtime.instances.set(one.name, { ...one, release: { ...one.release, variety: 'never-healthy' } })
  await expect(plan(people, 'fast')).rejects.toMatchObject({
    details: [expect.stringMatching(/^\w+: the edge sees 0 of 1 up$/)],
  })
})

it('an instance on a host that does not answer closes it too: it may serve, and nobody can say what', async () => {
  const people = await twoReleases()
  const hidden = await people.type('ann', async (environment) => {
    const seen = await environment.runtime.list()
    const list = async () =>
      seen.map(({ name, component, color }) => ({ name, component, color, state: 'unknown' as const }))
    const blind = { ...environment, runtime: { ...environment.runtime, list } }
    expect((await status(blind)).drift).toEqual([])
    await expect(prepareRollback(blind, { sha: null, mode: 'fast', reason: null })).rejects.toMatchObject({
      code: 'fast-closed',
      details: expect.arrayContaining([expect.stringMatching(/^\S+-blue: its host does not answer$/)]),
    })
    await expect(adopt(blind, 'a test')).rejects.toMatchObject({ code: 'instances-unseen', kind: 'person' })
    return seen.length
  })
  expect(hidden).toBeGreaterThan(0)
})
