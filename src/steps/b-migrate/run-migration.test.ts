import { expect, it } from 'vitest'
import { r } from '../../../test/fakes/history.ts'
import { People } from '../../../test/fakes/people.ts'
import { fakeRelease } from '../../../test/fakes/releases.ts'
import type { EnvironmentValue } from '../../domain/release.ts'
import { deploy, prepareDeploy } from '../../operations/deploy.ts'

/** What the migration of a release was started with. */
async function startedWith(own: { readonly [name: string]: EnvironmentValue }) {
  const people = new People()
  const fake = fakeRelease(r(1), 'good', 'succeeds')
  const components = fake.manifest.components.map((one) => ({ ...one, environment: own }))
  people.world.releases.set(r(1), { ...fake, manifest: { ...fake.manifest, components } })
  const seen: unknown[] = []
  await people.type('ann', async (environment) => {
    const { runtime } = environment
    const watched = {
      ...environment,
      runtime: {
        ...runtime,
        runOnce: (ask: Parameters<typeof runtime.runOnce>[0]) => {
          seen.push(ask.environment)
          return runtime.runOnce(ask)
        },
      },
    }
    return deploy(watched, await prepareDeploy(watched, { sha: r(1), again: false, reason: null }))
  })
  return seen
}

it('a migration gets a lock timeout, so that it never waits for ever with everybody behind it', async () => {
  expect(await startedWith({ STAGE: 'test' })).toMatchObject([{ PGOPTIONS: '-c lock_timeout=5000', STAGE: 'test' }])
})

it('a migration gets what the environment gives every component, as the database’s address; what the component says itself wins', async () => {
  expect(await startedWith({})).toMatchObject([{ STAGE: 'test' }])
  expect(await startedWith({ STAGE: 'own' })).toMatchObject([{ STAGE: 'own' }])
})

it('and its own lock timeout wins too', async () => {
  expect(await startedWith({ PGOPTIONS: '-c lock_timeout=1s' })).toMatchObject([{ PGOPTIONS: '-c lock_timeout=1s' }])
})
