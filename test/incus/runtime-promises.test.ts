import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { pullFile } from '../../src/drivers/incus/files.ts'
import { changeState, getInstance, listInstances } from '../../src/drivers/incus/instances.ts'
import { parseInstanceName } from '../../src/drivers/incus/names.ts'
import { runInContainer } from '../../src/drivers/incus/run-in-container.ts'
import { innerPaths } from '../../src/drivers/incus/runtime/files-in-container.ts'
import { packArchive } from '../../src/lib/archive/pack.ts'
import type { CachedArtifact, Instance, Runtime } from '../../src/ports/runtime.ts'
import type { Death } from '../contract/data-service.ts'
import {
  answerOf,
  launchAsk,
  launched,
  operation,
  RELEASE_A,
  RELEASE_B,
  type TestRelease,
} from '../contract/runtime.ts'
import { POOLS } from './bed/bed.ts'
import { killDaemon, startDaemon } from './bed/daemon.ts'
import { heldClient } from './held-client.ts'
import { mortalClient } from './mortal-client.ts'
import { type IncusRuntimeWorld, incusRuntimeWorld } from './runtime-world.ts'
import { incusWorld } from './world.ts'

const incus = await incusWorld()
const { client } = incus
afterAll(() => incus.end())

const BLUE = parseInstanceName('shop-test-web-blue')
let world: IncusRuntimeWorld
let release: TestRelease
beforeEach(async () => {
  world = await incusRuntimeWorld(incus, 'script')
  release = await world.release(RELEASE_A, { web: { behaviour: 'serve' } })
})
afterEach(() => world.close())

const only = (instances: readonly Instance[]): Instance => {
  const [instance] = instances
  if (instance === undefined || instances.length > 1) throw new Error(`${instances.length} instances, not one`)
  return instance
}

describe('a container of the name that is not ours', () => {
  it('is named before anything is changed, and never touched', async () => {
    await incus.launch(BLUE, 'busybox', 9)
    const before = await getInstance(client, BLUE)
    const notOurs = { code: 'not-ours', kind: 'refused', hint: expect.stringContaining(BLUE) as string }
    const runtime = world.open()
    await expect(runtime.checkLaunch(release.manifest)).rejects.toMatchObject(notOurs)
    await expect(runtime.unpack(launchAsk(release, 'blue', 1))).rejects.toMatchObject(notOurs)
    await runtime.stop({ color: 'blue', fencedBy: 1 })
    await runtime.remove({ color: 'blue', fencedBy: 1 })
    expect(await runtime.list()).toEqual([])
    expect(await getInstance(client, BLUE)).toEqual(before)
  })

  it('also when it is another environment’s of ours', async () => {
    const pattern = { ...world.options.config, namePattern: '{component}-{color}' }
    const staging = world.open({ config: pattern })
    const prod = world.open({ config: pattern, environment: 'prod' as never })
    const instance = only(await launched(staging, launchAsk(release, 'blue', 1)))
    await expect(prod.unpack(launchAsk(release, 'blue', 2))).rejects.toMatchObject({ code: 'not-ours' })
    await prod.remove({ color: 'blue', fencedBy: 1 })
    expect(await prod.list()).toEqual([])
    await answerOf(world, instance)
  })
})

describe('before anything is changed', () => {
  it('an image that is not there is named, with how to see those that are', async () => {
    const runtime = world.open({ config: { ...world.options.config, image: 'nowhere' } })
    const error = { code: 'incus-no-image', hint: expect.stringContaining('incus image list') as string }
    await expect(runtime.checkLaunch(release.manifest)).rejects.toMatchObject(error)
    await world.open().checkLaunch(release.manifest)
  })

  it('a profile without a disk to unpack on is named', async () => {
    const runtime = world.open({ config: { ...world.options.config, profiles: [] } })
    await expect(runtime.freeBytes()).rejects.toMatchObject({ code: 'no-root-disk' })
  })
})

describe('a pool that is full', () => {
  const profile = `tiny-${client.project}`
  afterAll(() => client.call({ method: 'DELETE', path: `/profiles/${profile}` }))

  it('is one error that says so, the other color serves on, and the same launch succeeds when there is room', async () => {
    const devices = { root: { type: 'disk', path: '/', pool: POOLS.btrfs, size: '40MiB' } }
    await client.call({ method: 'POST', path: '/profiles', body: { name: profile, devices } })
    const green = only(await launched(world.open(), launchAsk(release, 'green', 1)))
    const large = await largeRelease(release, 60 * 1024 * 1024)
    const tiny = world.open({ config: { ...world.options.config, profiles: ['default', profile] } })
    await expect(tiny.unpack(launchAsk(large, 'blue', 2))).rejects.toMatchObject({ code: 'disk-full', kind: 'failed' })
    await answerOf(world, green)
    expect((await world.open().list()).filter(({ state }) => state === 'running')).toEqual([green])
    await answerOf(world, only(await launched(world.open(), launchAsk(large, 'blue', 2))))
  })
})

async function largeRelease({ manifest, artifacts }: TestRelease, bytes: number): Promise<TestRelease> {
  const folder = artifacts[0]?.path.replace(/\.tar\.zst$/, '') ?? ''
  writeFileSync(join(folder, 'large'), randomBytes(bytes))
  const path = `${folder}-large.tar.zst`
  await packArchive(folder, path)
  return { manifest, artifacts: artifacts.map(({ component }) => ({ component, path })) }
}

describe('what a release is given', () => {
  it('arrives whole: long names, modes, and nothing of a half', async () => {
    await launched(world.open(), launchAsk(release, 'blue', 1))
    const paths = innerPaths(world.options.config, operation(1))
    const argv = ['find', paths.base, '-type', 'f', '-path', '*release*', '-exec', 'stat', '-c', '%a %n', '{}', ';']
    const { stdout } = await runInContainer({ client, instance: BLUE }, argv, { timeoutMs: 5_000 })
    const deep = [60, 60, 60].map((length, index) => 'abc'.charAt(index).repeat(length)).join('/')
    expect(stdout.toString().trim().split('\n').sort()).toEqual([
      `644 ${paths.release}/${deep}`,
      `755 ${paths.release}/program.sh`,
    ])
    expect(await pullFile(client, BLUE, paths.base)).toMatchObject({
      names: expect.not.arrayContaining([expect.stringContaining('partial')]) as unknown,
    })
  })

  it('I10: secrets are in one file for root alone: in no key of the container, on no command line', async () => {
    const value = `quote" dollar$HOME back\\slash \`tick\` 'single'\nline two`
    const SECRET = world.setSecret('PASSWORD', value)
    const own = await world.release(RELEASE_A, { web: { behaviour: 'serve', environment: { SECRET } } })
    await launched(world.open(), launchAsk(own, 'blue', 1))
    const { secrets } = innerPaths(world.options.config, operation(1))
    expect(await pullFile(client, BLUE, secrets)).toMatchObject({ type: 'file', mode: 0o600 })
    const everyProcess = async (file: string) => {
      const argv = ['sh', '-c', `cat /proc/[0-9]*/${file}`]
      return (await runInContainer({ client, instance: BLUE }, argv, { timeoutMs: 5_000 })).stdout.toString()
    }
    expect(await everyProcess('environ')).toContain(`\0SECRET=${value}\0`)
    expect(await everyProcess('cmdline')).not.toContain('dollar')
    const keys = JSON.stringify((await getInstance(client, BLUE))?.expanded)
    expect(keys).not.toContain('dollar')
  })

  it('limits are the container’s', async () => {
    const limits = { 'limits.memory': '64MiB', 'limits.processes': '50' }
    const runtime = world.open({ config: { ...world.options.config, limits } })
    await launched(runtime, launchAsk(release, 'blue', 1))
    expect((await getInstance(client, BLUE))?.config).toMatchObject(limits)
  })
})

describe('I5: whoever dies in the middle of a launch', () => {
  it.each([
    ['before', 1],
    ['after', 1],
    ['before', 2],
    ['after', 2],
    ['before', 3],
    ['after', 3],
    ['before', 4],
    ['after', 4],
    ['before', 5],
    ['after', 5],
    ['before', 6],
    ['after', 6],
  ] as const)('%s its change %i: the next one comes to the same end, and the other color serves', async (side, at) => {
    const green = only(await launched(world.open(), launchAsk(release, 'green', 1)))
    const { identity } = await answerOf(world, green)
    const death: Death = { side, at, reached: false }
    const ask = launchAsk(release, 'blue', 2, { fencedBy: 2 })
    await expect(launched(world.open({ client: mortalClient(client, death) }), ask)).rejects.toThrow(/dead/)
    expect(death.reached).toBe(true)
    const next = { ...ask, fencedBy: 3 }
    const blue = only(await launched(world.open(), next))
    expect(await answerOf(world, blue)).toMatchObject({ environment: { BACKFLIP_COLOR: 'blue' } })
    expect((await world.open().list()).map(({ name, state }) => `${name} ${state}`).sort()).toEqual([
      'shop-test-web-blue running',
      'shop-test-web-green running',
    ])
    expect((await answerOf(world, green)).identity).toBe(identity)
  })
})

describe('a daemon that dies', () => {
  it('in the middle of a launch: containers serve, we say that we cannot see, and the launch goes on when it is back', async () => {
    const green = only(await launched(world.open(), launchAsk(release, 'green', 1)))
    const { identity } = await answerOf(world, green)
    const held = heldClient(client, ({ path }) => path.endsWith('/exec'))
    const ask = launchAsk(release, 'blue', 2)
    const launching = world.open({ client: held }).unpack(ask)
    launching.catch(() => undefined)
    await held.reached
    await killDaemon(incus.bed)
    held.go()
    try {
      await expect(launching).rejects.toMatchObject({ code: expect.stringMatching(/^incus-(down|lost)$/) as string })
      await expect(world.open().list()).rejects.toMatchObject({ code: 'incus-down' })
      expect((await answerOf(world, green)).identity).toBe(identity)
    } finally {
      await startDaemon(incus.bed)
    }
    await answerOf(world, only(await launched(world.open(), ask)))
    expect((await answerOf(world, green)).identity).toBe(identity)
  })
})

describe('a container that was stopped by somebody, or by its host', () => {
  it('is seen as stopped, and revived as it was', async () => {
    const blue = only(await launched(world.open(), launchAsk(release, 'blue', 1)))
    const { identity } = await answerOf(world, blue)
    await changeState(client, BLUE, 'stop', { force: true })
    expect(await world.open().list()).toMatchObject([{ name: BLUE, state: 'stopped', exit: null }])
    await world.open().revive({ color: 'blue', fencedBy: 2 })
    expect((await answerOf(world, blue)).identity).not.toBe(identity)
  })

  it('frozen is not running', async () => {
    await launched(world.open(), launchAsk(release, 'blue', 1))
    await changeState(client, BLUE, 'freeze')
    expect(await world.open().list()).toMatchObject([{ state: 'stopped', exit: 'frozen' }])
    await changeState(client, BLUE, 'unfreeze')
  })
})

describe('a one-off', () => {
  const once = (n: number, tookMs: number): Parameters<Runtime['runOnce']>[0] => ({
    name: 'migrate',
    operation: operation(n),
    manifest: release.manifest,
    artifact: release.artifacts[0] as CachedArtifact,
    command: world.command(0, tookMs),
    environment: {},
    timeoutMs: 20_000,
    fencedBy: 1,
  })
  const begun = () => expect.poll(() => world.commandsRun(), { timeout: 20_000, interval: 100 }).toBe(1)

  it('I5: outlives its caller and the daemon, and its exit code does too', async () => {
    const running = world.open().runOnce(once(1, 3_000))
    running.catch(() => undefined)
    await begun()
    await killDaemon(incus.bed)
    await expect(running).rejects.toMatchObject({ code: expect.stringMatching(/^incus-(down|lost)$/) as string })
    await startDaemon(incus.bed)
    expect(await world.open().runOnce(once(1, 3_000))).toMatchObject({
      state: 'finished',
      exitCode: 0,
      lastLines: ['ran'],
    })
    expect(await world.commandsRun()).toBe(1)
  })

  it('whose container was stopped in the middle is unknown, for good, and not repeated', async () => {
    const running = world.open().runOnce(once(1, 60_000))
    await begun()
    const name = (await listInstances(client)).find((one) => one.name.startsWith('backflip-migrate'))?.name
    await changeState(client, name ?? BLUE, 'stop', { force: true })
    expect(await running).toMatchObject({ state: 'unknown', exitCode: null })
    // By hand, or by its host: the image's init would run it again if nothing held it.
    await changeState(client, name ?? BLUE, 'start')
    expect(await world.open().oneOff({ name: 'migrate', operation: operation(1) })).toMatchObject({ state: 'unknown' })
    expect(await world.open().runOnce(once(1, 60_000))).toMatchObject({ state: 'unknown' })
    expect(await world.commandsRun()).toBe(1)
  })

  it('of another operation that still runs is waited for by a person, not joined', async () => {
    const running = world.open().runOnce(once(1, 4_000))
    await begun()
    await expect(world.open().runOnce(once(2, 0))).rejects.toMatchObject({ code: 'one-off-running', kind: 'held' })
    expect(await running).toMatchObject({ state: 'finished' })
    expect(await world.open().runOnce(once(2, 0))).toMatchObject({ state: 'finished' })
    expect(await world.commandsRun()).toBe(2)
  })

  it('of an operation long ago is taken away, and a newer one’s outcome is still known', async () => {
    for (const n of [1, 2, 3, 4]) await world.open().runOnce(once(n, 0))
    await world.open().remove({ color: 'blue', fencedBy: 1 })
    const state = async (n: number) => (await world.open().oneOff({ name: 'migrate', operation: operation(n) })).state
    expect([await state(1), await state(2), await state(4)]).toEqual(['absent', 'finished', 'finished'])
  })
})

describe('I2: another release on the color', () => {
  it('is left alone also when it is only half there for us: what is unknown may be live', async () => {
    const blue = only(await launched(world.open(), launchAsk(release, 'blue', 1)))
    await changeState(client, BLUE, 'stop', { force: true })
    const other = await world.release(RELEASE_B, { web: { behaviour: 'serve' } })
    const next = only(await launched(world.open(), launchAsk(other, 'blue', 2)))
    expect(next.address).toEqual(blue.address)
    expect(await world.open().list()).toMatchObject([{ sha: RELEASE_B, state: 'running' }])
  })
})
