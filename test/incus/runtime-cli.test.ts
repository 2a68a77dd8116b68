import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '../../examples/hello/demo/free-ports.ts'
import { httpGet } from '../../src/lib/http-get.ts'
import { requireHaproxy } from '../edge/world.ts'
import { BRIDGE, GATEWAY, PREFIX_LENGTH, socketOf } from './bed/bed.ts'
import { killDaemon, startDaemon } from './bed/daemon.ts'
import { incusWorld } from './world.ts'

const PROGRAM = fileURLToPath(new URL('../../bin/backflip.js', import.meta.url))
const [R1, R2, BAD] = ['1', '2', 'b'].map((digit) => digit.repeat(40)) as [string, string, string]
const LIMIT_MS = 90_000

const SERVER = `#!/bin/sh
set -eu
[ "$1" != migrate ] || { echo "migrated for $BACKFLIP_SHA"; exit 0; }
mkdir -p /tmp/www
echo "{\\"sha\\": \\"$BACKFLIP_SHA\\", \\"color\\": \\"$BACKFLIP_COLOR\\"}" >/tmp/www/index.html
exec busybox httpd -f -p "$PORT" -h /tmp/www
`

interface Ended {
  readonly exitCode: number | null
  readonly out: string
  readonly err: string
}

const world = await incusWorld()
const folder = join(world.folder, 'project')
let url: string

/** The command as people type it, without blocking this process: its checks share our event loop with nothing. */
function backflip(...args: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LIMIT_MS,
    env: { ...process.env, DATABASE_PASSWORD: 'correct-horse' },
  })
  let [out, err] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString('utf8')))
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString('utf8')))
  return new Promise((resolve) => child.once('close', (exitCode) => resolve({ exitCode, out, err })))
}

/** Exit 0; otherwise the test fails with what the command said. */
function succeeds(...args: readonly string[]): Promise<Ended> {
  return ends(0, ...args)
}

async function ends(exitCode: number, ...args: readonly string[]): Promise<Ended> {
  const ended = await backflip(...args)
  expect(ended.exitCode, `backflip ${args.join(' ')}\n${ended.err}`).toBe(exitCode)
  return ended
}

async function served(): Promise<{ readonly sha: string; readonly color: string }> {
  const { body } = await httpGet({ url: `${url}/index.html`, headers: {}, timeoutMs: 2_000 })
  return JSON.parse(body) as { sha: string; color: string }
}

async function publish(sha: string, server: string): Promise<void> {
  mkdirSync(join(folder, 'app'), { recursive: true })
  writeFileSync(join(folder, 'app', 'server.sh'), server)
  chmodSync(join(folder, 'app', 'server.sh'), 0o755)
  await succeeds('publish', '--sha', sha, 'web=app', 'api=app')
}

beforeAll(async () => {
  requireHaproxy()
  mkdirSync(folder, { recursive: true })
  const port = await freePort()
  url = `http://127.0.0.1:${port}`
  const component = (path: string) =>
    `{ command: [./server.sh, serve], routes: [{ path: ${path} }], health: { path: ${path}index.html }, stopTimeout: 2s`
  writeFileSync(
    join(folder, 'backflip.yaml'),
    `app: shop
components:
  web: ${component('/')}, instances: 2 }
  api: { command: [./server.sh, serve], health: { path: /index.html }, stopTimeout: 2s, environment: { PASSWORD: { env: DATABASE_PASSWORD } } }
migrate: { component: api, command: [./server.sh, migrate] }
environments:
  staging:
    incus: { socket: ${socketOf(world.bed)}, project: ${world.client.project} }
    edge: { bind: "127.0.0.1:${port}" }
    runtime:
      driver: incus
      image: bb
      service: script
      port: 8000
      addresses: { range: ${world.address(50)}-${world.address(70)}, gateway: ${GATEWAY}, prefix: ${PREFIX_LENGTH} }
      network: { name: ${BRIDGE} }
      limits: { limits.memory: 64MiB }
    registry: { path: ./registry }
    check: { consecutive: 2, interval: 50ms, limit: 20s }
    verify: { bake: "0" }
`,
  )
  await publish(R1, SERVER)
  await publish(R2, SERVER)
  await publish(BAD, `#!/bin/sh\n[ "$1" != migrate ] || exit 0\necho no database\nexit 7\n`)
})
afterAll(async () => {
  await backflip('down', '--yes')
  await world.end()
})

describe('a day with containers', () => {
  it('deploys twice, each in containers of its own, migrated in one of its own', async () => {
    await succeeds('check')
    await succeeds('deploy', R1, '--yes')
    expect(await served()).toEqual({ sha: R1, color: 'blue' })
    await succeeds('deploy', R2, '--yes')
    expect(await served()).toEqual({ sha: R2, color: 'green' })
    const { out } = await succeeds('status')
    expect(out).toMatch(/green +live +222222222222, started +api ● +web ● +web ●/)
    expect(out).toMatch(/blue +standby +111111111111, started +api ● +web ● +web ●/)
  })

  it('a bad release: exit 1, its own last words, traffic where it was', async () => {
    await succeeds('rollback', '--yes', '--reason', 'checkout is broken')
    expect(await served()).toEqual({ sha: R1, color: 'blue' })
    await succeeds('unfreeze', '--reason', 'fixed')
    expect((await ends(1, 'deploy', BAD, '--yes')).err).toContain('no database')
    expect(await served()).toEqual({ sha: R1, color: 'blue' })
    expect((await succeeds('logs', 'web', '--color', 'green')).out).toContain('no database')
  })

  it('a daemon that is dead: traffic goes on, status says what it cannot see, and work goes on when it is back', async () => {
    await killDaemon(world.bed)
    try {
      expect(await served()).toEqual({ sha: R1, color: 'blue' })
      const { out } = await succeeds('status')
      expect(out).toMatch(/instances +not seen: no Incus answers/)
      const refused = await ends(1, 'deploy', R2, '--again', '--reason', 'x', '--yes')
      expect(refused.err).toContain('no Incus answers')
      expect(await served()).toEqual({ sha: R1, color: 'blue' })
    } finally {
      await startDaemon(world.bed)
    }
    await succeeds('deploy', R2, '--again', '--reason', 'x', '--yes')
    expect(await served()).toEqual({ sha: R2, color: 'green' })
  })

  it('and a fast rollback needs the edge alone: nobody is left whom the containers would have to be kept from', async () => {
    // R1 on blue was proved: a way back is not destroyed without an order (I6).
    const refused = await ends(3, 'cleanup', '--yes')
    expect(refused.err).toContain('blue is the fast way back to 111111111111')
    await killDaemon(world.bed)
    try {
      expect((await succeeds('status')).out).toMatch(/fast +open/)
      const { err } = await succeeds('rollback', '--mode', 'fast', '--yes', '--reason', 'checkout is broken again')
      expect(err).toContain('the runtime is not told of it: no Incus answers')
      expect(await served()).toEqual({ sha: R1, color: 'blue' })
    } finally {
      await startDaemon(world.bed)
    }
    await succeeds('unfreeze', '--reason', 'fixed')
  })

  it('cleans up what is not live, and nothing else', async () => {
    await succeeds('cleanup', '--yes')
    expect(await served()).toEqual({ sha: R1, color: 'blue' })
    expect((await succeeds('status')).out).toMatch(/green +empty/)
    await succeeds('doctor')
    const { out } = await succeeds('history', '--json')
    expect(out).not.toContain('correct-horse')
  })

  it('an image that is gone is named before anything is changed', async () => {
    const { client } = world
    await client.call({ method: 'POST', path: '/images/aliases/bb', body: { name: 'bb-gone' } })
    try {
      const { err } = await ends(1, 'deploy', R2, '--again', '--reason', 'x', '--yes')
      expect(err).toContain('there is no image bb')
      expect(await served()).toEqual({ sha: R1, color: 'blue' })
    } finally {
      await client.call({ method: 'POST', path: '/images/aliases/bb-gone', body: { name: 'bb' } })
    }
  })
})
