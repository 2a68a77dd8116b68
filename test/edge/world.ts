import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, get, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../examples/hello/demo/free-ports.ts'
import type { HaproxyConfig } from '../../src/config/types.ts'
import { COLORS, type Color, isColor } from '../../src/domain/color.ts'
import { parseComponentName } from '../../src/domain/ids.ts'
import type { Topology } from '../../src/domain/topology.ts'
import { haproxyEdge } from '../../src/drivers/haproxy/edge.ts'
import { systemClock } from '../../src/drivers/local/clock.ts'
import { localLiveness } from '../../src/drivers/local/liveness.ts'
import { localSharedLock } from '../../src/drivers/local/shared-lock.ts'
import { localTransport } from '../../src/drivers/local/transport.ts'
import type { Edge } from '../../src/ports/edge.ts'
import type { Transport } from '../../src/ports/transport.ts'
import type { EdgeWorld } from '../contract/edge.ts'
import { APP, ENVIRONMENT } from '../fakes/history.ts'

/** Error with one clear sentence: the tests that need HAProxy fail, they are not skipped. */
export function requireHaproxy(binary = 'haproxy'): string {
  const { stdout, status } = spawnSync(binary, ['-v'], { encoding: 'utf8' })
  if (status !== 0)
    throw new Error(`HAProxy is missing: these tests need the program ${binary} (Debian package haproxy)`)
  return /version (\S+)/.exec(stdout)?.[1] ?? 'unknown'
}

export interface HaproxyWorld extends EdgeWorld {
  readonly config: HaproxyConfig
  readonly folder: string
  /** Another driver instance on the same edge, through another transport if given. */
  readonly another: (transport?: Transport) => Edge
}

/** A real HAProxy on free loopback ports in a folder of its own, before two small servers that say their color. */
export async function haproxyWorld(binary = 'haproxy'): Promise<HaproxyWorld> {
  // Short: a unix socket's path has 108 bytes.
  const folder = mkdtempSync(join(tmpdir(), 'bf-'))
  const servers: Record<Color, Server> = { blue: colorServer('blue'), green: colorServer('green') }
  const ports = { blue: await listen(servers.blue, 0), green: await listen(servers.green, 0) }
  const port = await freePort()
  const config: HaproxyConfig = {
    driver: 'haproxy',
    mode: 'managed',
    bind: { host: '127.0.0.1', port },
    publicUrl: `http://127.0.0.1:${port}`,
    folder,
    binary,
    configFiles: [],
    masterSocket: null,
    adminSocket: null,
    maintenance: { retryAfterSeconds: 30, healthPaths: [] },
  }
  const another = (transport: Transport = localTransport()) =>
    haproxyEdge({
      config,
      app: APP,
      environment: ENVIRONMENT,
      transport,
      sharedLock: localSharedLock(folder, systemClock, localLiveness()),
      clock: systemClock,
    })
  const edge = another()
  const topology = topologyOf(ports)
  return {
    config,
    folder,
    edge,
    another,
    topology,
    ask: (headers = {}) => askPublic(port, headers),
    async setUp(color, up) {
      const server = servers[color]
      if (up && !server.listening) await listen(server, ports[color])
      if (!up && server.listening) {
        server.closeAllConnections()
        await new Promise((resolve) => server.close(resolve))
      }
      await until(async () => ((await edge.read()).servers[color][0]?.up === 1) === up)
    },
    async restart() {
      await edge.stop()
      await edge.start(topology)
    },
    async close() {
      await edge.stop()
      for (const color of COLORS) {
        servers[color].closeAllConnections()
        if (servers[color].listening) await new Promise((resolve) => servers[color].close(resolve))
      }
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export function colorServer(color: Color): Server {
  return createServer((_request, answer) => {
    answer.setHeader('x-color', color)
    answer.end(color)
  })
}

export function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve) =>
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)),
  )
}

export function topologyOf(ports: Readonly<Record<Color, number>>): Topology {
  const component = (color: Color) => ({
    name: parseComponentName('web'),
    routes: [{ pathPrefix: '/' }],
    health: { path: '/healthz', timeoutMs: 1000, release: 'body' as const },
    servers: [{ name: `hello-local-web-${color}`, host: '127.0.0.1', port: ports[color] }],
  })
  return { app: APP, environment: ENVIRONMENT, colors: { blue: [component('blue')], green: [component('green')] } }
}

export function askPublic(port: number, headers: { readonly [name: string]: string }): ReturnType<EdgeWorld['ask']> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, headers: { ...headers }, agent: false }, (answer) => {
      answer.resume()
      const color = answer.headers['x-color']
      const release = answer.headers['x-backflip-release']
      answer.on('end', () =>
        resolve({
          status: answer.statusCode ?? 0,
          color: isColor(color) ? color : null,
          release: typeof release === 'string' && release !== 'none' ? release : null,
        }),
      )
    }).on('error', reject)
  })
}

/** Waits for a condition, bounded: a test that waits for ever tells nothing. */
export async function until(condition: () => Promise<boolean>, limitMs = 8_000): Promise<void> {
  const end = performance.now() + limitMs
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`it did not come true within ${limitMs} ms`)
    await systemClock.sleep(20)
  }
}
