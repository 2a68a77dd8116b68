import { describe, expect, it } from 'vitest'
import { r } from '../../../test/fakes/history.ts'
import { People } from '../../../test/fakes/people.ts'
import { fakeRelease } from '../../../test/fakes/releases.ts'
import { BackflipError } from '../../domain/errors.ts'
import type { EnvironmentValue } from '../../domain/release.ts'
import { deploy, prepareDeploy } from '../../operations/deploy.ts'
import type { Runtime } from '../../ports/runtime.ts'

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

describe('when whoever watches a migration is cut off', () => {
  const cut = new BackflipError('the connection broke', { code: 'incus-lost', kind: 'failed' })

  /** How the deploy of a release ends whose migration is lost from sight, when the runtime then says this. */
  async function endOfDeploy(oneOff: Runtime['oneOff']) {
    const people = new People()
    people.world.releases.set(r(1), fakeRelease(r(1), 'good', 'succeeds'))
    return people.type('ann', async (environment) => {
      const runtime: Runtime = { ...environment.runtime, runOnce: () => Promise.reject(cut), oneOff }
      const watched = { ...environment, runtime }
      return deploy(watched, await prepareDeploy(watched, { sha: r(1), again: false, reason: null }))
    })
  }

  it('I4: nobody can tell what became of it, and that is said: no failure, no second run', async () => {
    const unseen = await endOfDeploy(() => Promise.reject(cut))
    expect(unseen.error).toMatchObject({ code: 'migration-unknown', kind: 'person' })
    expect(unseen.error?.details).toContain('the connection broke')
    const running = await endOfDeploy(async () => ({ state: 'running', exitCode: null, lastLines: ['altering'] }))
    expect(running.error).toMatchObject({ code: 'migration-unknown', kind: 'person' })
  })

  it('what it had come to meanwhile counts', async () => {
    const ended = await endOfDeploy(async () => ({ state: 'finished', exitCode: 0, lastLines: [] }))
    expect(ended.outcome).toBe('done')
  })

  it('one that had not begun is a plain failure', async () => {
    const absent = await endOfDeploy(async () => ({ state: 'absent', exitCode: null, lastLines: [] }))
    expect(absent.error).toMatchObject({ code: 'incus-lost', kind: 'failed' })
  })
})
