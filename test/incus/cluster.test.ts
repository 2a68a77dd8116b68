import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { IncusRuntimeConfig } from '../../src/config/types.ts'
import { type IncusClient, incusClient } from '../../src/drivers/incus/client.ts'
import { listInstances } from '../../src/drivers/incus/instances.ts'
import { parseProjectName } from '../../src/drivers/incus/names.ts'
import type { Runtime } from '../../src/ports/runtime.ts'
import { launchAsk, launched, RELEASE_A, RELEASE_B, type TestRelease } from '../contract/runtime.ts'
import { BEDS_FOLDER, socketOf } from './bed/bed.ts'
import { type Cluster, type Member, startCluster } from './bed/cluster.ts'
import { killDaemon, startDaemon } from './bed/daemon.ts'
import { type IncusRuntimeWorld, incusRuntimeWorld } from './runtime-world.ts'

const POLL = { timeout: 60_000, interval: 250 }

let cluster: Cluster | undefined
let member: { readonly a: Member; readonly b: Member }
let client: IncusClient
let world: IncusRuntimeWorld
let runtime: Runtime
const folder = mkdtempSync(join(BEDS_FOLDER, 'backflip-cluster-'))

beforeAll(async () => {
  cluster = await startCluster()
  const [a, b] = cluster.members
  member = { a, b }
  client = incusClient({ place: { socket: socketOf(a) }, project: parseProjectName('default') })
  const address = (host: number) => `10.88.1.${host}`
  world = await incusRuntimeWorld({ client, folder, address }, 'script')
  runtime = open()
})
afterAll(async () => {
  await cluster?.end()
  rmSync(folder, { recursive: true, force: true })
})

/** Containers of the other member are not reached from here, so every start is watched for its whole time. */
const open = (config: Partial<IncusRuntimeConfig> = {}) =>
  world.open({ graceMs: 500, config: { ...world.options.config, ...config } })
const release = (sha = RELEASE_A, instances = 1): Promise<TestRelease> =>
  world.release(sha, { web: { behaviour: 'serve', instances } })
const places = async () =>
  Object.fromEntries((await listInstances(client)).map(({ name, location }) => [name, location]))
const states = async () => Object.fromEntries((await runtime.list()).map(({ name, state }) => [name, state]))

describe('two members', () => {
  it('never hold both colors’ only instances on one of them, and share the instances of a color', async () => {
    await launched(runtime, launchAsk(await release(), 'green', 1))
    await launched(runtime, launchAsk(await release(RELEASE_B), 'blue', 2))
    const found = await places()
    expect(new Set([found['shop-test-web-green'], found['shop-test-web-blue']])).toEqual(new Set(['a', 'b']))
    await runtime.remove({ color: 'blue', fencedBy: 1 })
    await launched(runtime, launchAsk(await release(RELEASE_B, 2), 'blue', 3))
    const spread = await places()
    expect(new Set([spread['shop-test-web-blue'], spread['shop-test-web-blue-2']])).toEqual(new Set(['a', 'b']))
  })

  it('I9: of one that is dead the instances are unknown, neither running nor stopped, and the others are as they are', async () => {
    const found = await places()
    const expected = (dead: string) =>
      Object.fromEntries(Object.entries(found).map(([name, where]) => [name, where === dead ? 'unknown' : 'running']))
    expect(await states()).toEqual(expected('none'))
    await killDaemon(member.b)
    await expect.poll(states, POLL).toEqual(expected('b'))
    // Not stopped for us: it may well be live.
    await expect(runtime.unpack(launchAsk(await release(), 'blue', 4))).rejects.toMatchObject({ code: 'member-down' })
    await expect(runtime.remove({ color: 'blue', fencedBy: 1 })).rejects.toMatchObject({ code: 'member-down' })
    await startDaemon(member.b)
    await expect.poll(states, POLL).toEqual(expected('none'))
  })

  it('of which one is dead: a color is not put beside the other on the last one, unless the configuration says so', async () => {
    await runtime.remove({ color: 'blue', fencedBy: 1 })
    await runtime.remove({ color: 'green', fencedBy: 1 })
    const green = launchAsk(await release(), 'green', 5)
    await launched(open({ targets: ['a'] }), green)
    await killDaemon(member.b)
    const blue = launchAsk(await release(RELEASE_B), 'blue', 6)
    const refusal = async () => (await runtime.unpack(blue).catch((error: unknown) => error)) as { code?: string }
    await expect.poll(async () => (await refusal()).code, POLL).toBe('same-member')
    expect(await states()).toEqual({ 'shop-test-web-green': 'running' })
    await launched(open({ targets: ['a'] }), blue)
    expect(await states()).toEqual({ 'shop-test-web-green': 'running', 'shop-test-web-blue': 'running' })
  })
})
