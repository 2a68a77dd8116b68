import { readFile } from 'node:fs/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Instance } from '../../src/ports/runtime.ts'
import { answerOf, launchAsk, launched, operation, RELEASE_A } from '../contract/runtime.ts'
import { call, eventually, faultIn, leadersOf } from './call.ts'
import { type ProcessWorld, processWorld } from './process-world.ts'

describe('process runtime: callers that die or sleep', () => {
  let world: ProcessWorld
  beforeEach(async () => {
    world = await processWorld()
  })
  afterEach(() => world.close())

  const RECORD = '.shop-test-web-blue.json.'
  const askBlue = async () => launchAsk(await world.release(RELEASE_A, { web: { behaviour: 'serve' } }), 'blue', 1)

  test('instances outlive the command that started them', { timeout: 30_000 }, async () => {
    const ask = await askBlue()
    const { ended } = await call(world, { unpack: ask, start: ask })
    const { said } = await ended
    expect(said?.error).toBeUndefined()
    const [instance] = await world.open().list()
    expect(instance).toMatchObject({ state: 'running', sha: RELEASE_A })
    await answerOf(world, instance as Instance)
  })

  test('I5: killed between start and record, a repeat finds the instance and makes no second one', {
    timeout: 30_000,
  }, async () => {
    const ask = await askBlue()
    const fault = faultIn(world, RECORD, 'die')
    const { ended } = await call(world, { unpack: ask, start: ask, fault })
    expect((await ended).signal).toBe('SIGKILL')
    expect(fault.wasReached()).toBe(true)
    const before = leadersOf(world)
    expect(before).toHaveLength(1)
    expect(await world.open().list()).toEqual([])

    const { instances } = await world.open().start(ask)
    expect(leadersOf(world)).toEqual(before)
    expect((await answerOf(world, instances[0] as Instance)).identity).toBe(String(before[0]))
    expect(await world.open().list()).toMatchObject([{ state: 'running', since: null }])
  })

  test('I5: killed between start and record, stop and remove end what nobody wrote down', {
    timeout: 30_000,
  }, async () => {
    const ask = await askBlue()
    const fault = faultIn(world, RECORD, 'die')
    const { ended } = await call(world, { unpack: ask, start: ask, fault })
    await ended
    expect(fault.wasReached()).toBe(true)
    expect(leadersOf(world)).toHaveLength(1)
    await world.open().stop({ color: 'green', fencedBy: 2 })
    await world.open().stop({ color: 'blue', operation: operation(2), fencedBy: 2 })
    expect(leadersOf(world)).toHaveLength(1)
    await world.open().remove({ color: 'blue', operation: operation(1), fencedBy: 2 })
    expect(leadersOf(world)).toEqual([])
  })

  test('I7: a command that slept through a change of power ends what it just started and writes nothing', {
    timeout: 30_000,
  }, async () => {
    const ask = await askBlue()
    const fault = faultIn(world, RECORD, 'stop')
    const { child, ended } = await call(world, { unpack: ask, start: ask, fault })
    await eventually(() => fault.wasReached())
    const other = { ...(await askBlue()), color: 'green' as const, operation: operation(2), fencedBy: 2 }
    const [green] = await launched(world.open(), other)
    child.kill('SIGCONT')
    expect((await ended).said?.error).toMatchObject({ code: 'fenced', kind: 'held' })
    expect(await world.open().list()).toMatchObject([{ name: 'shop-test-web-green', state: 'running' }])
    expect(leadersOf(world)).toHaveLength(1)
    await answerOf(world, green as Instance)
  })

  test('I7: a command that slept before its unpacking came to an end puts nothing into the color', {
    timeout: 30_000,
  }, async () => {
    const ask = await askBlue()
    let entered: () => void = () => undefined
    const sleeping = new Promise<void>((done) => {
      entered = done
    })
    let wake: () => void = () => undefined
    const woken = new Promise<void>((done) => {
      wake = done
    })
    const slow = world.open({
      unpack: async (archive, folder) => {
        await world.options.unpack(archive, folder)
        entered()
        await woken
      },
    })
    const late = slow.unpack(ask)
    await sleeping
    await launched(world.open(), { ...ask, operation: operation(2), fencedBy: 2 })
    wake()
    await expect(late).rejects.toMatchObject({ code: 'fenced' })
    expect(await world.open().list()).toMatchObject([{ operation: operation(2), state: 'running' }])
  })

  const once = async (tookMs: number) => {
    const { manifest, artifacts } = await world.release(RELEASE_A, { web: { behaviour: 'serve' } })
    const [artifact] = artifacts
    if (artifact === undefined) throw new Error('the release has no artifact')
    const command = world.command(0, tookMs)
    return {
      name: 'migrate',
      operation: operation(1),
      manifest,
      artifact,
      command,
      environment: {},
      timeoutMs: 20_000,
      fencedBy: 1,
    }
  }

  test('I5: a one-off outlives the command that asked, and its outcome waits for the next one', {
    timeout: 30_000,
  }, async () => {
    const ask = await once(700)
    const { child, ended } = await call(world, { runOnce: ask })
    await eventually(async () => (await world.commandsRun()) === 1)
    child.kill('SIGKILL')
    expect((await ended).signal).toBe('SIGKILL')
    expect(await world.open().oneOff(ask)).toMatchObject({ state: 'running', exitCode: null })
    expect(await world.open().runOnce({ ...ask, fencedBy: 2 })).toMatchObject({ state: 'finished', exitCode: 0 })
    expect(await world.commandsRun()).toBe(1)
  })

  test('I5: a one-off that died without an outcome is unknown and is not repeated', { timeout: 30_000 }, async () => {
    const ask = await once(60_000)
    const { ended } = await call(world, { runOnce: ask })
    await eventually(async () => (await world.commandsRun()) === 1)
    const command = Number((await readFile(world.notes, 'utf8')).split(' ')[1])
    const runner = leadersOf(world).find((pid) => pid !== command)
    expect(runner).toBeDefined()
    process.kill(runner as number, 'SIGKILL')
    // While the command itself goes on, nobody may say that it is over.
    expect(await world.open().oneOff(ask)).toMatchObject({ state: 'running' })
    process.kill(command, 'SIGKILL')
    expect((await ended).said).toMatchObject({ result: { state: 'unknown', exitCode: null } })
    expect(await world.open().oneOff(ask)).toMatchObject({ state: 'unknown', exitCode: null })
    expect(await world.open().runOnce({ ...ask, fencedBy: 2 })).toMatchObject({ state: 'unknown' })
    expect(await world.commandsRun()).toBe(1)
  })
})
