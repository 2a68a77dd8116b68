import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Color } from '../../src/domain/color.ts'
import { type OperationId, parseComponentName, parseOperationId, type Sha } from '../../src/domain/ids.ts'
import type { EnvironmentValue, Manifest } from '../../src/domain/release.ts'
import type { ServerAddress } from '../../src/domain/topology.ts'
import type { CachedArtifact, Instance, LaunchAsk, Runtime } from '../../src/ports/runtime.ts'

/**
 * - `serve`     listens on its address, prints `listening`, ends on a polite request
 * - `stubborn`  the same, and ignores the polite request
 * - `crash`     prints `line 1` to `line 12` and ends with exit code 3
 * - `print`     listens, and prints the value of its variable `SECRET` and then `printed`
 */
export type Behaviour = 'serve' | 'stubborn' | 'crash' | 'print'

export interface ComponentAsk {
  readonly behaviour: Behaviour
  readonly instances?: number
  readonly environment?: { readonly [name: string]: EnvironmentValue }
  /** Default 2,000. */
  readonly stopTimeoutMs?: number
}

export interface TestRelease {
  readonly manifest: Manifest
  readonly artifacts: readonly CachedArtifact[]
}

/** What a serving instance says of itself. `identity` differs between two starts. */
export interface Answer {
  readonly identity: string
  readonly environment: { readonly [name: string]: string }
}

/** A place where instances run, and what the suite needs to look at it from outside. */
export interface RuntimeWorld {
  /** A fresh handle, as a new command would have it. All handles are on the same place. */
  readonly open: () => Runtime
  readonly release: (sha: Sha, components: { readonly [name: string]: ComponentAsk }) => Promise<TestRelease>
  /** The same release with an artifact that cannot be unpacked. */
  readonly damage: (release: TestRelease) => Promise<TestRelease>
  /** A command that notes that it ran, prints `ran`, takes so long, and ends with this exit code. */
  readonly command: (exitCode: number, tookMs: number) => readonly string[]
  /** How often such commands ran. */
  readonly commandsRun: () => Promise<number>
  /** Null when nobody answers. */
  readonly ask: (address: ServerAddress) => Promise<Answer | null>
  /** Sets a secret; its reference. */
  readonly setSecret: (name: string, value: string | null) => EnvironmentValue
  /** Ends everything and takes it away. */
  readonly close: () => Promise<void>
}

export const RELEASE_A = 'a'.repeat(40) as Sha
export const RELEASE_B = 'b'.repeat(40) as Sha

/** Operations in the order of their making. */
export function operation(n: number): OperationId {
  return parseOperationId(`01890000-0000-7000-8000-${String(n).padStart(12, '0')}`)
}

export function launchAsk(release: TestRelease, color: Color, n: number, more: Partial<LaunchAsk> = {}): LaunchAsk {
  return { color, ...release, operation: operation(n), fencedBy: 1, ...more }
}

export async function launched(runtime: Runtime, ask: LaunchAsk): Promise<readonly Instance[]> {
  await runtime.unpack(ask)
  return (await runtime.start(ask)).instances
}

export const web = parseComponentName('web')

export async function answerOf(world: RuntimeWorld, { address }: Pick<Instance, 'address'>): Promise<Answer> {
  return expect
    .poll(() => world.ask(address), { timeout: 10_000, interval: 20 })
    .not.toBeNull()
    .then(async () => {
      const answer = await world.ask(address)
      if (answer === null) throw new Error(`${address.name} answered once and then no more`)
      return answer
    })
}

/** Registers the suite of `ports/runtime.ts` for one driver. */
export function runtimeContract(driver: string, makeWorld: () => Promise<RuntimeWorld>): void {
  describe(`runtime contract: ${driver}`, () => {
    let world: RuntimeWorld
    let runtime: Runtime
    const it = (name: string, body: () => Promise<void>) => test(name, body, 30_000)
    beforeEach(async () => {
      world = await makeWorld()
      runtime = world.open()
    })
    afterEach(() => world.close())

    const simple = (sha: Sha = RELEASE_A) => world.release(sha, { web: { behaviour: 'serve' } })
    const running = async () =>
      (await runtime.list()).filter(({ state }) => state === 'running').map(({ name }) => name)

    it('an empty place has no instances and lacks nothing, and stopping, removing or reviving them is fine', async () => {
      expect(await runtime.list()).toEqual([])
      expect(await runtime.shortcomings()).toEqual([])
      await runtime.stop({ color: 'blue', fencedBy: 1 })
      await runtime.remove({ color: 'blue', fencedBy: 1 })
      expect(await runtime.revive({ color: 'blue', fencedBy: 1 })).toEqual([])
      expect(await runtime.lastLines({ color: 'blue', component: web, lines: 10 })).toEqual([])
    })

    it('addresses are the same each time, differ between colors and instances, and start nothing', async () => {
      const { manifest } = await world.release(RELEASE_A, {
        web: { behaviour: 'serve', instances: 2 },
        api: { behaviour: 'serve' },
      })
      const blue = runtime.addresses('blue', manifest)
      expect(world.open().addresses('blue', manifest)).toEqual(blue)
      expect(blue.map(({ name }) => name).sort()).toEqual(['api', 'web'])
      const all = [...blue, ...runtime.addresses('green', manifest)].flatMap(({ servers }) => servers)
      expect(new Set(all.map(({ name }) => name)).size).toBe(6)
      expect(new Set(all.map(({ host, port }) => `${host}:${port}`)).size).toBe(6)
      expect(all.map(({ name }) => name)).toContain(`${manifest.app}-test-web-blue-2`)
      expect(await runtime.list()).toEqual([])
    })

    it('a started release answers at its addresses with its own SHA, color and name, and other handles see it', async () => {
      const release = await world.release(RELEASE_A, {
        web: { behaviour: 'serve', instances: 2 },
        api: { behaviour: 'serve' },
      })
      const instances = await launched(runtime, launchAsk(release, 'green', 1))
      expect(instances.map(({ name }) => name).sort()).toEqual([
        'shop-test-api-green',
        'shop-test-web-green',
        'shop-test-web-green-2',
      ])
      const planned = runtime.addresses('green', release.manifest).flatMap(({ servers }) => servers)
      expect(instances.map(({ address }) => address)).toEqual(expect.arrayContaining(planned))
      for (const instance of instances) {
        expect(instance).toMatchObject({
          state: 'running',
          sha: RELEASE_A,
          operation: operation(1),
          color: 'green',
          exit: null,
        })
        const { environment } = await answerOf(world, instance)
        expect(environment).toMatchObject({
          BACKFLIP_SHA: RELEASE_A,
          BACKFLIP_COLOR: 'green',
          BACKFLIP_INSTANCE: instance.name,
          PORT: String(instance.address.port),
        })
      }
      expect(await world.open().list()).toEqual(expect.arrayContaining([...instances]))
    })

    it('I5: starting again leaves what runs for the operation alone, also when both start at once', async () => {
      const ask = launchAsk(await simple(), 'blue', 1)
      await runtime.unpack(ask)
      const [first, second] = await Promise.all([runtime.start(ask), runtime.start(ask)])
      const { identity } = await answerOf(world, first.instances[0] as Instance)
      await runtime.unpack(ask)
      const third = await world.open().start(ask)
      expect(second.instances).toEqual(first.instances)
      expect(third.instances).toEqual(first.instances)
      expect((await answerOf(world, third.instances[0] as Instance)).identity).toBe(identity)
    })

    it('a start that fails says so with the last lines of the log, and the instance is seen as stopped', async () => {
      const release = await world.release(RELEASE_A, { web: { behaviour: 'crash' }, api: { behaviour: 'serve' } })
      const ask = launchAsk(release, 'blue', 1)
      await runtime.unpack(ask)
      const error: unknown = await runtime.start(ask).catch((caught: unknown) => caught)
      expect(error).toMatchObject({ code: 'start-failed', kind: 'failed' })
      expect((error as { details: readonly string[] }).details).toEqual(
        Array.from({ length: 10 }, (_, index) => `line ${index + 3}`),
      )
      const crashed = (await runtime.list()).find(({ component }) => component === 'web')
      expect(crashed).toMatchObject({ state: 'stopped', exit: '3' })
    })

    it('an instance that ignores the polite request is ended all the same', async () => {
      const release = await world.release(RELEASE_A, { web: { behaviour: 'stubborn', stopTimeoutMs: 200 } })
      const [instance] = await launched(runtime, launchAsk(release, 'blue', 1))
      await answerOf(world, instance as Instance)
      await runtime.stop({ color: 'blue', fencedBy: 1 })
      expect(await world.ask((instance as Instance).address)).toBeNull()
      expect(await runtime.list()).toMatchObject([{ state: 'stopped', exit: 'SIGKILL' }])
    })

    it('I2: stop and remove touch their color only, and with an operation only what carries it', async () => {
      const release = await simple()
      const [blue] = await launched(runtime, launchAsk(release, 'blue', 1))
      const [green] = await launched(runtime, launchAsk(release, 'green', 2))
      await runtime.stop({ color: 'green', operation: operation(1), fencedBy: 1 })
      await runtime.remove({ color: 'green', operation: operation(1), fencedBy: 1 })
      expect((await running()).sort()).toEqual(['shop-test-web-blue', 'shop-test-web-green'])
      await runtime.remove({ color: 'green', operation: operation(2), fencedBy: 1 })
      await runtime.remove({ color: 'green', operation: operation(2), fencedBy: 1 })
      expect(await world.ask((green as Instance).address)).toBeNull()
      expect(await runtime.list()).toMatchObject([{ name: 'shop-test-web-blue', state: 'running' }])
      expect(await answerOf(world, blue as Instance)).toMatchObject({ environment: { BACKFLIP_COLOR: 'blue' } })
    })

    it('I2: a color whose instances run for another operation is neither unpacked over nor started over', async () => {
      const [instance] = await launched(runtime, launchAsk(await simple(), 'blue', 1))
      const { identity } = await answerOf(world, instance as Instance)
      const other = launchAsk(await simple(RELEASE_B), 'blue', 2)
      await expect(runtime.unpack(other)).rejects.toMatchObject({ code: 'color-in-use', kind: 'refused' })
      await expect(runtime.start(other)).rejects.toMatchObject({ code: 'color-in-use', kind: 'refused' })
      expect((await answerOf(world, instance as Instance)).identity).toBe(identity)
      expect(await runtime.list()).toMatchObject([{ state: 'running', sha: RELEASE_A }])
    })

    it('a color may hold other components than before: nothing of the old set is left', async () => {
      const old = await world.release(RELEASE_A, { web: { behaviour: 'serve' }, worker: { behaviour: 'serve' } })
      const [, worker] = await launched(runtime, launchAsk(old, 'blue', 1))
      await runtime.remove({ color: 'blue', fencedBy: 1 })
      await launched(runtime, launchAsk(await simple(RELEASE_B), 'blue', 2))
      expect(await runtime.list()).toMatchObject([{ name: 'shop-test-web-blue', sha: RELEASE_B, state: 'running' }])
      expect(await world.ask((worker as Instance).address)).toBeNull()
    })

    it('a damaged archive leaves nothing unpacked, so nothing can be started', async () => {
      const ask = launchAsk(await world.damage(await simple()), 'blue', 1)
      await expect(runtime.unpack(ask)).rejects.toMatchObject({ code: 'bad-archive', kind: 'failed' })
      await expect(runtime.start(ask)).rejects.toMatchObject({ code: 'start-failed' })
      expect(await running()).toEqual([])
    })

    it('I7: a smaller generation than one seen before changes nothing any more', async () => {
      const release = await simple()
      const old = launchAsk(release, 'green', 1, { fencedBy: 4 })
      await runtime.unpack(old)
      const [blue] = await launched(runtime, launchAsk(release, 'blue', 2, { fencedBy: 5 }))
      const late = world.open()
      const fenced = { code: 'fenced', kind: 'held' }
      await expect(late.unpack(old)).rejects.toMatchObject(fenced)
      await expect(late.start(old)).rejects.toMatchObject(fenced)
      await expect(late.stop({ color: 'blue', fencedBy: 4 })).rejects.toMatchObject(fenced)
      await expect(late.remove({ color: 'blue', fencedBy: 4 })).rejects.toMatchObject(fenced)
      await expect(late.revive({ color: 'blue', fencedBy: 4 })).rejects.toMatchObject(fenced)
      await expect(late.runOnce(onceAsk(release, 3, { fencedBy: 4 }))).rejects.toMatchObject(fenced)
      expect(await world.commandsRun()).toBe(0)
      expect(await running()).toEqual(['shop-test-web-blue'])
      await answerOf(world, blue as Instance)
    })

    test('I7: a generation that was told to it, and has ordered nothing yet, makes the smaller ones worthless', async () => {
      const runtime = world.open()
      const release = await world.release(RELEASE_A, { web: { behaviour: 'serve' } })
      await launched(runtime, launchAsk(release, 'blue', 1, { fencedBy: 4 }))
      await world.open().fence(5)
      await world.open().fence(5)
      const fenced = { code: 'fenced', kind: 'held' }
      await expect(runtime.remove({ color: 'blue', fencedBy: 4 })).rejects.toMatchObject(fenced)
      await expect(runtime.fence(4)).rejects.toMatchObject(fenced)
      expect((await runtime.list()).map(({ state }) => state)).toEqual(['running'])
    })

    it('revive starts a stopped color as it was recorded, and leaves alone what runs', async () => {
      const release = await world.release(RELEASE_A, {
        web: { behaviour: 'serve', environment: { GREETING: 'of that release' } },
      })
      const [instance] = await launched(runtime, launchAsk(release, 'blue', 1))
      await runtime.stop({ color: 'blue', fencedBy: 1 })
      expect(await running()).toEqual([])
      const [revived] = await world.open().revive({ color: 'blue', fencedBy: 2 })
      expect(revived).toMatchObject({
        state: 'running',
        sha: RELEASE_A,
        operation: operation(1),
        address: (instance as Instance).address,
      })
      const { identity, environment } = await answerOf(world, revived as Instance)
      expect(environment).toMatchObject({ GREETING: 'of that release', BACKFLIP_SHA: RELEASE_A })
      await runtime.revive({ color: 'blue', fencedBy: 2 })
      expect((await answerOf(world, revived as Instance)).identity).toBe(identity)
    })

    it('I10: a secret reaches the instance, is redacted in its log, and its rotation is told', async () => {
      const SECRET = world.setSecret('PASSWORD', 'correct-horse-1')
      const release = await world.release(RELEASE_A, { web: { behaviour: 'print', environment: { SECRET } } })
      const ask = launchAsk(release, 'blue', 1)
      await runtime.unpack(ask)
      const first = await runtime.start(ask)
      expect((await answerOf(world, first.instances[0] as Instance)).environment).toMatchObject({
        SECRET: 'correct-horse-1',
      })
      expect(Object.keys(first.fingerprints)).toEqual(['web.SECRET'])
      expect(first.fingerprints['web.SECRET']).toMatch(/^[0-9a-f]{64}$/)
      const lines = await runtime.lastLines({ color: 'blue', component: web, lines: 100 })
      expect(lines).toContain('printed')
      expect(lines.join('\n')).not.toContain('correct-horse-1')

      await runtime.remove({ color: 'blue', fencedBy: 1 })
      const kept = await runtime.lastLines({ color: 'blue', component: web, lines: 100 })
      expect(kept).toEqual(lines)
      const again = { ...launchAsk(release, 'blue', 2), knownFingerprints: first.fingerprints }
      await runtime.unpack(again)
      expect(await runtime.start(again)).toMatchObject({ fingerprints: first.fingerprints, rotated: [] })
      await runtime.remove({ color: 'blue', fencedBy: 1 })
      world.setSecret('PASSWORD', 'correct-horse-2')
      const later = { ...launchAsk(release, 'blue', 3), knownFingerprints: first.fingerprints }
      await runtime.unpack(later)
      expect(await runtime.start(later)).toMatchObject({ rotated: ['web.SECRET'] })
    })

    it('a missing secret is named, never guessed, and nothing is started', async () => {
      const SECRET = world.setSecret('PASSWORD', null)
      const ask = launchAsk(
        await world.release(RELEASE_A, {
          api: { behaviour: 'serve' },
          web: { behaviour: 'serve', environment: { SECRET } },
        }),
        'blue',
        1,
      )
      await runtime.unpack(ask)
      const error: unknown = await runtime.start(ask).catch((caught: unknown) => caught)
      expect(error).toMatchObject({ code: 'secret-missing', kind: 'refused' })
      expect((error as Error).message).toContain('web.SECRET')
      expect((error as Error).message).toContain('PASSWORD')
      expect(await running()).toEqual([])
    })

    it('a log can be followed until the reader has enough', async () => {
      const enough = new AbortController()
      const ask = launchAsk(await simple(), 'blue', 1)
      await runtime.unpack(ask)
      const seen: string[] = []
      const reading = (async () => {
        for await (const line of runtime.follow({ color: 'blue', component: web, signal: enough.signal })) {
          seen.push(line)
          enough.abort()
        }
      })()
      await runtime.start(ask)
      await reading
      expect(seen[0]).toBe('listening')
    })

    const onceAsk = (
      { manifest, artifacts }: TestRelease,
      n: number,
      more: object = {},
    ): Parameters<Runtime['runOnce']>[0] => ({
      name: 'migrate',
      operation: operation(n),
      manifest,
      artifact: artifacts[0] as CachedArtifact,
      command: world.command(0, 0),
      environment: {},
      timeoutMs: 10_000,
      fencedBy: 1,
      ...more,
    })

    it('I5: a one-off runs once under its name, whoever asks how often; another operation has its own', async () => {
      const release = await simple()
      expect(await runtime.oneOff({ name: 'migrate', operation: operation(1) })).toMatchObject({
        state: 'absent',
        exitCode: null,
      })
      const [first, second] = await Promise.all([
        runtime.runOnce(onceAsk(release, 1)),
        world.open().runOnce(onceAsk(release, 1)),
      ])
      expect(first).toMatchObject({ state: 'finished', exitCode: 0, lastLines: ['ran'] })
      expect(second).toEqual(first)
      expect(await world.open().runOnce(onceAsk(release, 1))).toEqual(first)
      expect(await world.open().oneOff({ name: 'migrate', operation: operation(1) })).toEqual(first)
      expect(await world.commandsRun()).toBe(1)
      await runtime.runOnce(onceAsk(release, 2))
      expect(await world.commandsRun()).toBe(2)
      expect(await runtime.list()).toEqual([])
    })

    it('a one-off that fails is not repeated, and one that takes too long is ended and has failed', async () => {
      const release = await simple()
      const failing = onceAsk(release, 1, { command: world.command(7, 0) })
      expect(await runtime.runOnce(failing)).toMatchObject({ state: 'finished', exitCode: 7, lastLines: ['ran'] })
      expect(await runtime.runOnce(failing)).toMatchObject({ state: 'finished', exitCode: 7 })
      expect(await world.commandsRun()).toBe(1)
      const slow = await runtime.runOnce(onceAsk(release, 2, { command: world.command(0, 60_000), timeoutMs: 400 }))
      expect(slow.state).toBe('finished')
      expect(slow.exitCode).not.toBe(0)
    })

    it('says how much room there is', async () => {
      expect(await runtime.freeBytes()).toBeGreaterThan(0)
    })
  })
}
