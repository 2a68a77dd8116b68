import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { HaproxyConfig } from '../../src/config/types.ts'
import { parseAppName, parseJournalId } from '../../src/domain/ids.ts'
import { haproxyEdge } from '../../src/drivers/haproxy/edge.ts'
import { systemClock } from '../../src/drivers/local/clock.ts'
import { localLiveness } from '../../src/drivers/local/liveness.ts'
import { localSharedLock } from '../../src/drivers/local/shared-lock.ts'
import { localTransport } from '../../src/drivers/local/transport.ts'
import { ENVIRONMENT } from '../fakes/history.ts'
import { freePort, type HaproxyWorld, haproxyWorld, until } from './world.ts'

const anchor = { journal: parseJournalId('00000000-0000-7000-8000-00000000000a'), seq: 1, hash: '0'.repeat(64) }
const transport = localTransport()

/** The servers of a world are borrowed; the HAProxy is the operator's own. */
let world: HaproxyWorld
let folder: string
let pid = 0

beforeEach(async () => {
  world = await haproxyWorld()
  folder = mkdtempSync(join(tmpdir(), 'bf-'))
})
afterEach(async () => {
  if (pid > 0) process.kill(pid, 'SIGTERM')
  await until(async () => pid === 0 || (await transport.readFile(`/proc/${pid}/stat`)) === null)
  await world.close()
  rmSync(folder, { recursive: true, force: true })
})

function statusOf(port: number): Promise<{ readonly status: number; readonly color: string }> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, agent: false }, (answer) => {
      answer.resume()
      answer.on('end', () =>
        resolve({ status: answer.statusCode ?? 0, color: String(answer.headers['x-color'] ?? '') }),
      )
    }).on('error', reject)
  })
}

it('attached: two apps on an HAProxy that an operator runs, each with one file; a flip of one does not touch the other', async () => {
  const [masterSocket, adminSocket] = [join(folder, 'master.sock'), join(folder, 'admin.sock')]
  const own = join(folder, 'operator.cfg')
  writeFileSync(own, `global\n  stats socket ${adminSocket} mode 600 level admin expose-fd listeners\n  nbthread 2\n`)
  const names = ['one', 'two'] as const
  const files = names.map((name) => join(folder, name, `backflip-${name}-local.cfg`))
  const apps = await Promise.all(
    names.map(async (name) => {
      const port = await freePort()
      const config: HaproxyConfig = {
        driver: 'haproxy',
        mode: 'attached',
        bind: { host: '127.0.0.1', port },
        publicUrl: `http://127.0.0.1:${port}`,
        folder: join(folder, name),
        binary: 'haproxy',
        configFiles: [own, ...files],
        masterSocket,
        adminSocket,
      }
      const sharedLock = localSharedLock(folder, systemClock, localLiveness())
      const edge = haproxyEdge({
        config,
        app: parseAppName(name),
        environment: ENVIRONMENT,
        transport,
        sharedLock,
        clock: systemClock,
      })
      return { edge, port, topology: { ...world.topology, app: parseAppName(name) } }
    }),
  )
  for (const { edge, topology } of apps)
    await expect(edge.start(topology)).rejects.toMatchObject({ code: 'edge-not-ours', kind: 'refused' })
  pid = (
    await transport.spawnDetached(
      ['haproxy', '-W', '-S', masterSocket, '-f', own, ...files.flatMap((file) => ['-f', file])],
      { log: join(folder, 'log') },
    )
  ).pid

  const [one, two] = apps
  if (one === undefined || two === undefined) throw new Error('there are two')
  for (const { edge, topology } of apps) {
    await until(async () => (await edge.read().catch(() => null))?.servers.green[0]?.up === 1)
    await edge.start(topology)
    const { generation } = await edge.fence({ anchor })
    await edge.flip({ to: 'blue', fencedBy: generation, anchor })
  }
  const before = readFileSync(join(folder, 'two', 'state.map'), 'utf8')
  const { generation } = await one.edge.fence({ anchor })
  await one.edge.flip({ to: 'green', fencedBy: generation, anchor })
  expect(await statusOf(one.port)).toEqual({ status: 200, color: 'green' })
  expect(await statusOf(two.port)).toEqual({ status: 200, color: 'blue' })
  expect(readFileSync(join(folder, 'two', 'state.map'), 'utf8')).toBe(before)
  // The other app's next change of topology reloads what they share, and both keep their colors.
  const [component] = two.topology.colors.green
  if (component === undefined) throw new Error('there is a component')
  const green = [{ ...component, routes: [...component.routes, { pathPrefix: '/more' }] }]
  const second = await two.edge.fence({ anchor })
  expect(
    await two.edge.apply({
      topology: { ...two.topology, colors: { ...two.topology.colors, green } },
      fencedBy: second.generation,
    }),
  ).toBe('reload')
  expect(await statusOf(one.port)).toEqual({ status: 200, color: 'green' })
  expect(await statusOf(two.port)).toEqual({ status: 200, color: 'blue' })
})
