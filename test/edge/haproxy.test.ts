import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parseJournalId } from '../../src/domain/ids.ts'
import { layoutOf } from '../../src/drivers/haproxy/layout.ts'
import { showProcesses } from '../../src/drivers/haproxy/master.ts'
import { systemClock } from '../../src/drivers/local/clock.ts'
import { localTransport } from '../../src/drivers/local/transport.ts'
import { APP, ENVIRONMENT } from '../fakes/history.ts'
import { haproxies } from './haproxies.ts'
import { type HaproxyWorld, haproxyWorld, until } from './world.ts'

const anchor = { journal: parseJournalId('00000000-0000-7000-8000-00000000000a'), seq: 1, hash: '0'.repeat(64) }

describe.each(haproxies())('$name: what is HAProxy’s own', ({ binary }) => {
  let world: HaproxyWorld
  let generation: number
  const transport = localTransport()

  beforeEach(async () => {
    world = await haproxyWorld(binary)
    await world.edge.start(world.topology)
    generation = (await world.edge.fence({ anchor })).generation
    await world.setUp('blue', true)
    await world.setUp('green', true)
    await world.edge.flip({ to: 'blue', fencedBy: generation, anchor })
  })
  afterEach(() => world.close())

  const layout = () => layoutOf(world.config, APP, ENVIRONMENT)
  const reload = () => transport.askSocket(layout().masterSocket, 'reload\n', { timeoutMs: 5_000 })

  it('no flip is lost while somebody else reloads at the same time', async () => {
    let repeated = 0
    for (let index = 0; index < 20; index += 1) {
      const to = index % 2 === 0 ? 'green' : 'blue'
      const before = (await world.edge.read()).worker
      // The socket may be closed on us: the master starts itself anew. Whether it did is seen by its worker.
      const reloading = reload().catch(String)
      // A master that has read the old file, and whose old worker still says yes: 0 to 70 ms after the signal (research/haproxy.md §10).
      await systemClock.sleep((index * 17) % 70)
      const { tries } = await world.edge.flip({ to, fencedBy: generation, anchor })
      await reloading
      // The worker that the reload made must do what was said last.
      await until(async () => (await world.edge.read()).worker !== before)
      const view = await world.edge.read()
      expect(view.memory?.live, `flip ${index}`).toBe(to)
      expect(view.file?.live).toBe(to)
      if (tries > 1) repeated += 1
    }
    expect(repeated, 'some flips came to a worker that was leaving').toBeGreaterThan(0)
  })

  it('a stopped worker is "unknown" within two seconds, and nothing is guessed', async () => {
    const { worker } = await world.edge.read()
    if (worker === null) throw new Error('no worker')
    process.kill(worker, 'SIGSTOP')
    try {
      await expect(world.edge.read()).rejects.toMatchObject({ code: 'edge-unknown', kind: 'person' })
    } finally {
      process.kill(worker, 'SIGCONT')
    }
    expect((await world.edge.read()).memory?.live).toBe('blue')
  })

  it('a configuration that HAProxy refuses is taken back byte for byte, and the old worker serves', async () => {
    const before = readFileSync(layout().configFile, 'utf8')
    const { worker } = await world.edge.read()
    const [component] = world.topology.colors.green
    if (component === undefined) throw new Error('no component')
    // Two servers of one name: valid for us, refused by HAProxy.
    const green = [{ ...component, servers: [...component.servers, ...component.servers] }]
    const bad = { ...world.topology, colors: { ...world.topology.colors, green } }
    await expect(world.edge.apply({ topology: bad, fencedBy: generation })).rejects.toMatchObject({
      code: 'bad-edge-config',
    })
    expect(readFileSync(layout().configFile, 'utf8')).toBe(before)
    expect((await world.edge.read()).worker).toBe(worker)
    expect(await world.ask()).toMatchObject({ color: 'blue' })
  })

  it('50 flips leave one worker', async () => {
    for (let index = 0; index < 50; index += 1)
      await world.edge.flip({ to: index % 2 === 0 ? 'green' : 'blue', fencedBy: generation, anchor })
    const { worker, oldWorkers } = await showProcesses(transport, layout())
    expect(worker).not.toBeNull()
    expect(oldWorkers).toEqual([])
  })

  it('an entry in memory that is none of ours is "unknown", and clients get the stated page', async () => {
    await transport.askSocket(layout().adminSocket, `set map ${layout().stateMap} ${layout().key} nonsense\n`, {
      timeoutMs: 1_000,
    })
    await expect(world.edge.read()).rejects.toMatchObject({ code: 'edge-unknown' })
    expect(await world.ask()).toMatchObject({ status: 503 })
  })

  it('a flip that died between file and memory: the next fence makes the file say what memory serves', async () => {
    const text = readFileSync(layout().stateMap, 'utf8')
    writeFileSync(layout().stateMap, text.replace('blue::0', 'green::0'))
    expect((await world.edge.read()).file?.live).toBe('green')
    await world.edge.fence({ anchor })
    expect(await world.edge.read()).toMatchObject({ memory: { live: 'blue' }, file: { live: 'blue' } })
  })

  it('I4: clients cannot speak for the edge, and an application cannot either', async () => {
    const answer = await world.ask({ 'X-Backflip-Color': 'green', 'X-Backflip-Release': 'f'.repeat(40) })
    expect(answer).toMatchObject({ color: 'blue', release: null })
  })

  it('a share sticks to a client by a cookie of four digits at most; anything else it says draws a new one', async () => {
    const cookie = `backflip-${layout().key}`
    const withCookie = (value: string | null) =>
      fetch(world.config.publicUrl, { headers: value === null ? {} : { cookie: `${cookie}=${value}` } }).then(
        (answer) => ({
          color: answer.headers.get('x-color'),
          given: answer.headers.get('set-cookie'),
        }),
      )
    expect(await withCookie(null)).toEqual({ color: 'blue', given: null })
    await world.edge.flip({ to: 'blue', candidate: 'green', share: 5_000, fencedBy: generation, anchor })
    for (const [bucket, color] of [
      ['0', 'green'],
      ['4999', 'green'],
      ['5000', 'blue'],
      ['9999', 'blue'],
    ] as const) {
      expect(await withCookie(bucket)).toEqual({ color, given: null })
    }
    for (const bad of [null, 'abc', '1e3', '0x10', '-5', '1.5', '99999']) {
      const { color, given } = await withCookie(bad)
      const bucket = Number(new RegExp(`^${cookie}=(\\d{1,4}); Path=/; HttpOnly; SameSite=Lax$`).exec(given ?? '')?.[1])
      expect(color, `${bad} got ${given}`).toBe(bucket < 5_000 ? 'green' : 'blue')
      expect(bucket).toBeLessThan(10_000)
    }
  })

  it('refuses to share a port with somebody else', async () => {
    const other = await haproxyWorld(binary)
    try {
      const { haproxyEdge } = await import('../../src/drivers/haproxy/edge.ts')
      const { localSharedLock } = await import('../../src/drivers/local/shared-lock.ts')
      const { localLiveness } = await import('../../src/drivers/local/liveness.ts')
      const { systemClock } = await import('../../src/drivers/local/clock.ts')
      const config = { ...other.config, bind: world.config.bind }
      const edge = haproxyEdge({
        config,
        app: APP,
        environment: ENVIRONMENT,
        transport,
        sharedLock: localSharedLock(other.folder, systemClock, localLiveness()),
        clock: systemClock,
      })
      await expect(edge.start(other.topology)).rejects.toMatchObject({ code: 'port-taken' })
    } finally {
      await other.close()
    }
  })

  it('writes the runbook’s files: one word, and a history with the newest first', async () => {
    const { operationId, r } = await import('../fakes/history.ts')
    await world.edge.record({
      at: '2026-01-01T00:00:00.000Z',
      color: 'blue',
      sha: r(1),
      operation: operationId(1),
      fencedBy: generation,
    })
    await world.edge.record({
      at: '2026-01-02T00:00:00.000Z',
      color: 'green',
      sha: r(2),
      operation: operationId(2),
      fencedBy: generation,
    })
    expect(readFileSync(join(world.folder, 'active-color'), 'utf8')).toBe('green\n')
    expect(readFileSync(join(world.folder, 'active-color.history'), 'utf8').split('\n')).toEqual([
      `2026-01-02T00:00:00.000Z green ${r(2)} ${operationId(2)}`,
      `2026-01-01T00:00:00.000Z blue ${r(1)} ${operationId(1)}`,
      '',
    ])
  })
})
