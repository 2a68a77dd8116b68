import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, readFile, stat, truncate, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { layoutOf } from '../../src/drivers/process/layout.ts'
import type { InstanceRecord } from '../../src/drivers/process/records.ts'
import type { Instance } from '../../src/ports/runtime.ts'
import { answerOf, launchAsk, launched, operation, RELEASE_A, type TestRelease, web } from '../contract/runtime.ts'
import { eventually, isThere, leadersOf } from './call.ts'
import { type ProcessWorld, processWorld } from './process-world.ts'

function accepts({ host, port }: Instance['address']): Promise<boolean> {
  return new Promise((answer) => {
    const socket = connect({ host, port })
    socket.once('connect', () => {
      socket.destroy()
      answer(true)
    })
    socket.once('error', () => answer(false))
  })
}

describe('process runtime: whose process is it', () => {
  let world: ProcessWorld
  beforeEach(async () => {
    world = await processWorld()
  })
  afterEach(() => world.close())

  const simple = () => world.release(RELEASE_A, { web: { behaviour: 'serve' } })
  const recordPath = () => layoutOf(world.stateFolder).record('shop-test-web-blue')
  const rewrite = async (change: (record: InstanceRecord) => Partial<InstanceRecord>) => {
    const record = JSON.parse(await readFile(recordPath(), 'utf8')) as InstanceRecord
    await writeFile(recordPath(), JSON.stringify({ ...record, ...change(record) }))
  }

  test('a pid that is somebody else’s by now is not believed and never signalled', { timeout: 30_000 }, async () => {
    await launched(world.open(), launchAsk(await simple(), 'blue', 1))
    const bystander = spawn(process.execPath, ['-e', 'setInterval(() => 0, 1000)'], { detached: true, stdio: 'ignore' })
    await once(bystander, 'spawn')
    const pid = bystander.pid as number
    try {
      await rewrite(() => ({ pid }))
      expect(await world.open().list()).toMatchObject([{ state: 'stopped' }])
      await world.open().stop({ color: 'blue', fencedBy: 1 })
      expect(bystander.exitCode ?? bystander.signalCode).toBeNull()
      expect(isThere(pid)).toBe(true)
      // The real one was found by its mark.
      expect(leadersOf(world)).toEqual([])
    } finally {
      process.kill(pid, 'SIGKILL')
    }
  })

  test('a record of an earlier boot is not believed; revive starts it again', { timeout: 30_000 }, async () => {
    const runtime = world.open()
    const [instance] = await launched(runtime, launchAsk(await simple(), 'blue', 1))
    const { identity } = await answerOf(world, instance as Instance)
    process.kill(Number(identity), 'SIGKILL')
    // A killed process is off the table a moment before its sockets are closed.
    await eventually(async () => leadersOf(world).length === 0 && !(await accepts((instance as Instance).address)))
    const bystander = spawn(process.execPath, ['-e', 'setInterval(() => 0, 1000)'], { detached: true, stdio: 'ignore' })
    await once(bystander, 'spawn')
    const pid = bystander.pid as number
    try {
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
      const processStart = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
      // All but the boot fits.
      await rewrite(() => ({ pid, processStart, bootId: '00000000-0000-4000-8000-000000000000' }))
      expect(await runtime.list()).toMatchObject([{ state: 'stopped' }])
      const [revived] = await runtime.revive({ color: 'blue', fencedBy: 2 })
      expect((await answerOf(world, revived as Instance)).identity).not.toBe(identity)
      expect(isThere(pid)).toBe(true)
    } finally {
      process.kill(pid, 'SIGKILL')
    }
  })

  const familyOf = async (
    stopTimeoutMs: number,
  ): Promise<{ release: TestRelease; pids: () => Promise<readonly number[]> }> => {
    const FAMILY = join(world.folder, 'family')
    const release = await world.release(RELEASE_A, {
      web: { behaviour: 'family' as 'serve', environment: { FAMILY }, stopTimeoutMs },
    })
    return { release, pids: async () => JSON.parse(await readFile(FAMILY, 'utf8')) as readonly number[] }
  }

  test('stop ends what an instance started too: in its group, and outside of it by its mark', {
    timeout: 30_000,
  }, async () => {
    const { release, pids } = await familyOf(300)
    const [instance] = await launched(world.open(), launchAsk(release, 'blue', 1))
    await answerOf(world, instance as Instance)
    const family = await pids()
    expect(family.map(isThere)).toEqual([true, true, true])
    await world.open().stop({ color: 'blue', fencedBy: 1 })
    await eventually(() => !family.some(isThere))
  })

  test('what a dead instance left behind is ended before it is started again', { timeout: 30_000 }, async () => {
    const { release, pids } = await familyOf(300)
    const ask = launchAsk(release, 'blue', 1)
    const [instance] = await launched(world.open(), ask)
    await answerOf(world, instance as Instance)
    const [leader = 0, unmarked = 0, outside = 0] = await pids()
    process.kill(leader, 'SIGKILL')
    await eventually(async () => (await world.open().list())[0]?.state === 'stopped')
    expect(isThere(outside)).toBe(true)
    const { instances } = await world.open().start(ask)
    await answerOf(world, instances[0] as Instance)
    await eventually(() => !isThere(outside))
    expect((await pids())[0]).not.toBe(leader)
    // Without a mark and without its leader nobody can tell whose it was (README.md): the test ends what it began.
    process.kill(unmarked, 'SIGKILL')
  })

  test('a damaged record hides neither what runs nor its end', { timeout: 30_000 }, async () => {
    const [instance] = await launched(world.open(), launchAsk(await simple(), 'blue', 1))
    await writeFile(recordPath(), '{"version":1,"pid":')
    expect(await world.open().list()).toEqual([{ ...instance, since: null }])
    await world.open().remove({ color: 'blue', fencedBy: 1 })
    expect(leadersOf(world)).toEqual([])
    expect(await world.open().list()).toEqual([])
  })

  test('a port taken by a stranger is told, and nothing is started', { timeout: 30_000 }, async () => {
    const release = await simple()
    const [topology] = world.open().addresses('blue', release.manifest)
    const port = topology?.servers[0]?.port
    const stranger = spawn(process.execPath, [
      '-e',
      `require('node:net').createServer().listen(${port}, '127.0.0.1', () => console.log('there'))`,
    ])
    try {
      await once(stranger.stdout, 'data')
      const ask = launchAsk(release, 'blue', 1)
      await world.open().unpack(ask)
      await expect(world.open().start(ask)).rejects.toMatchObject({
        code: 'start-failed',
        message: `shop-test-web-blue did not start: somebody else listens on its port ${port}`,
      })
      expect(leadersOf(world)).toEqual([])
    } finally {
      stranger.kill('SIGKILL')
    }
  })

  test('a command that does not exist, and a range of ports that is too small, are told before anything runs', {
    timeout: 30_000,
  }, async () => {
    const { manifest, artifacts } = await simple()
    const components = manifest.components.map((component) => ({ ...component, command: ['no-such-command-anywhere'] }))
    const ask = launchAsk({ manifest: { ...manifest, components }, artifacts }, 'blue', 1)
    await world.open().unpack(ask)
    await expect(world.open().start(ask)).rejects.toMatchObject({ code: 'start-failed', kind: 'failed' })
    const narrow = world.open({ config: { driver: 'process', ports: { first: 20_000, last: 20_003 } } })
    const wide = await world.release(RELEASE_A, { web: { behaviour: 'serve', instances: 3 } })
    expect(() => narrow.addresses('blue', wide.manifest)).toThrowError(
      expect.objectContaining({ code: 'port-range-too-small', kind: 'usage' }),
    )
    expect(leadersOf(world)).toEqual([])
  })

  test('with two instances each line of the log says whose it is', { timeout: 30_000 }, async () => {
    const release = await world.release(RELEASE_A, { web: { behaviour: 'serve', instances: 2 } })
    const instances = await launched(world.open(), launchAsk(release, 'blue', 1))
    await Promise.all(instances.map((instance) => answerOf(world, instance)))
    expect(await world.open().lastLines({ color: 'blue', component: web, lines: 10 })).toEqual([
      'shop-test-web-blue | listening',
      'shop-test-web-blue-2 | listening',
    ])
  })

  test('a log that has grown too long is told, and cut by the next command: its end can still be read, and the instance writes on', {
    timeout: 30_000,
  }, async () => {
    const release = await world.release(RELEASE_A, { web: { behaviour: 'stubborn' } })
    const [instance] = await launched(world.open(), launchAsk(release, 'blue', 1))
    await answerOf(world, instance as Instance)
    const log = layoutOf(world.stateFolder).log('shop-test-web-blue', operation(1))
    expect(await world.open().shortcomings()).toEqual([])
    await truncate(log, 65 * 1024 * 1024)
    await appendFile(log, '\nthe last line before the cut\n')
    expect(await world.open().shortcomings()).toEqual([
      {
        message: expect.stringContaining(`${log} has 65 MiB`),
        hint: expect.stringContaining('copytruncate'),
        isAdvice: true,
      },
    ])
    await world.open().fence(2)
    expect(await world.open().shortcomings()).toEqual([])
    expect((await stat(log)).size).toBe(0)
    expect((await stat(`${log}.1`)).size).toBe(4 * 1024 * 1024)
    const { pid } = JSON.parse(await readFile(recordPath(), 'utf8')) as InstanceRecord
    process.kill(pid, 'SIGTERM')
    const lines = () => world.open().lastLines({ color: 'blue', component: web, lines: 2 })
    await eventually(async () => (await lines()).at(-1) === 'not yet')
    expect(await lines()).toEqual(['the last line before the cut', 'not yet'])
    // Written at the file's beginning, not behind a hole as long as what was cut.
    expect((await stat(log)).size).toBe('not yet\n'.length)
  })
})
