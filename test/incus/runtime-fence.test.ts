import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Call } from '../../src/drivers/incus/client.ts'
import { getInstance } from '../../src/drivers/incus/instances.ts'
import { parseInstanceName } from '../../src/drivers/incus/names.ts'
import type { Instance } from '../../src/ports/runtime.ts'
import { answerOf, launchAsk, launched, RELEASE_A, RELEASE_B, type TestRelease } from '../contract/runtime.ts'
import { heldClient } from './held-client.ts'
import { type IncusRuntimeWorld, incusRuntimeWorld } from './runtime-world.ts'
import { incusWorld } from './world.ts'

const incus = await incusWorld()
afterAll(() => incus.end())

const NAME = 'shop-test-web-green'
let world: IncusRuntimeWorld
let release: TestRelease
beforeEach(async () => {
  world = await incusRuntimeWorld(incus, 'script')
  release = await world.release(RELEASE_A, { web: { behaviour: 'serve' } })
})
afterEach(() => world.close())

/** What the next holder of the environment has on green by the time the late writer goes on. */
async function next(): Promise<Instance> {
  const runtime = world.open()
  await runtime.fence(5)
  await runtime.remove({ color: 'green', fencedBy: 5 })
  const theirs = await world.release(RELEASE_B, { web: { behaviour: 'serve' } })
  const [instance] = await launched(runtime, launchAsk(theirs, 'green', 2, { fencedBy: 5 }))
  if (instance === undefined) throw new Error('nothing was launched')
  return instance
}

async function stays(instance: Instance, identity: string): Promise<void> {
  expect(await world.open().list()).toMatchObject([{ name: NAME, sha: RELEASE_B, state: 'running' }])
  expect((await answerOf(world, instance)).identity).toBe(identity)
}

describe('I7: a writer that was stopped right before its effect, and goes on when another holds the environment', () => {
  it('makes no container: Incus itself refuses it', async () => {
    const isCreate = ({ method, path }: Call) => method === 'POST' && path === '/instances'
    const client = heldClient(incus.client, isCreate)
    const late = world.open({ client }).unpack(launchAsk(release, 'green', 1, { fencedBy: 4 }))
    late.catch(() => undefined)
    await client.reached
    await world.open().fence(5)
    client.go()
    await expect(late).rejects.toMatchObject({ code: 'fenced', kind: 'held' })
    expect(await getInstance(incus.client, parseInstanceName(NAME))).toBeNull()
  })

  it('deletes no container of the same name: Incus itself refuses it', async () => {
    await launched(world.open(), launchAsk(release, 'green', 1, { fencedBy: 4 }))
    const client = heldClient(incus.client, ({ method }) => method === 'DELETE')
    const late = world.open({ client }).remove({ color: 'green', fencedBy: 4 })
    late.catch(() => undefined)
    await client.reached
    const instance = await next()
    const { identity } = await answerOf(world, instance)
    client.go()
    await expect(late).rejects.toMatchObject({ code: 'fenced' })
    await stays(instance, identity)
  })

  it.each(['unpack', 'start'] as const)(
    'its words to a container go nowhere in another of the same name (%s)',
    async (what) => {
      const ask = launchAsk(release, 'green', 1, { fencedBy: 4 })
      if (what === 'start') await world.open().unpack(ask)
      // Unpacking: the container's own tar. Starting: what comes after the environment's file.
      const isWord = ({ path, method }: Call) =>
        what === 'unpack' ? path.endsWith('/exec') : method === 'POST' && path.endsWith('/files')
      const client = heldClient(incus.client, isWord)
      const late = world.open({ client })[what](ask)
      late.catch(() => undefined)
      await client.reached
      const instance = await next()
      const { identity } = await answerOf(world, instance)
      client.go()
      await expect(late).rejects.toMatchObject({ code: 'fenced' })
      await stays(instance, identity)
    },
  )

  it('stops no service in a container of the same name', async () => {
    await launched(world.open(), launchAsk(release, 'green', 1, { fencedBy: 4 }))
    const client = heldClient(incus.client, ({ path }) => path.endsWith('/exec'))
    const late = world.open({ client }).stop({ color: 'green', fencedBy: 4 })
    late.catch(() => undefined)
    await client.reached
    const instance = await next()
    const { identity } = await answerOf(world, instance)
    client.go()
    await expect(late).rejects.toMatchObject({ code: 'fenced' })
    await stays(instance, identity)
  })
})
