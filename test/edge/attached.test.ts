import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { freePort } from '../../examples/hello/demo/free-ports.ts'
import type { HaproxyConfig } from '../../src/config/types.ts'
import { COLORS } from '../../src/domain/color.ts'
import { parseAppName, parseJournalId } from '../../src/domain/ids.ts'
import { haproxyEdge } from '../../src/drivers/haproxy/edge.ts'
import { systemClock } from '../../src/drivers/local/clock.ts'
import { localLiveness } from '../../src/drivers/local/liveness.ts'
import { localSharedLock } from '../../src/drivers/local/shared-lock.ts'
import { localTransport } from '../../src/drivers/local/transport.ts'
import type { Edge } from '../../src/ports/edge.ts'
import { ENVIRONMENT } from '../fakes/history.ts'
import { haproxies } from './haproxies.ts'
import { askPublic, colorServer, listen, topologyOf, until } from './world.ts'

const anchor = { journal: parseJournalId('00000000-0000-7000-8000-00000000000a'), seq: 1, hash: '0'.repeat(64) }
const APPS = ['one', 'two'] as const
type App = (typeof APPS)[number]

describe.each(haproxies())('$name: several apps on an edge that an operator owns', ({ binary }) => {
  const transport = localTransport()
  let folder: string
  let pid: number
  let servers: readonly Server[]
  let ports: { readonly blue: number; readonly green: number }
  let configs: Record<App, HaproxyConfig>

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bf-'))
    servers = COLORS.map(colorServer)
    const [blue = 0, green = 0] = await Promise.all(servers.map((server) => listen(server, 0)))
    ports = { blue, green }
    const own = join(folder, 'operator.cfg')
    const files = APPS.map((app) => join(folder, app, `backflip-${app}-${ENVIRONMENT}.cfg`))
    writeFileSync(
      own,
      `global\n  stats socket ${folder}/admin.sock mode 600 level admin\n  nbthread 2\n  hard-stop-after 5s\n`,
    )
    const configOf = async (app: App): Promise<HaproxyConfig> => {
      const port = await freePort()
      mkdirSync(join(folder, app))
      return {
        driver: 'haproxy',
        mode: 'attached',
        bind: { host: '127.0.0.1', port },
        publicUrl: `http://127.0.0.1:${port}`,
        folder: join(folder, app),
        binary,
        configFiles: [own, ...files],
        masterSocket: join(folder, 'master.sock'),
        adminSocket: join(folder, 'admin.sock'),
        maintenance: { retryAfterSeconds: 30, healthPaths: [] },
      }
    }
    configs = { one: await configOf('one'), two: await configOf('two') }
    // As an operator would: our files are named before the first deploy, and empty.
    for (const file of files) writeFileSync(file, '')
    // HAProxy does not start without anything to listen on.
    writeFileSync(
      own,
      `${readFileSync(own, 'utf8')}frontend operators-own\n  mode http\n  timeout client 1s\n  bind unix@${folder}/own.sock\n`,
    )
    await run([own, ...files])
  })
  afterEach(async () => {
    await end()
    for (const server of servers) {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
    rmSync(folder, { recursive: true, force: true })
  })

  /** As the operator's service manager would. */
  const run = async (files: readonly string[]) => {
    const argv = [binary, '-W', '-S', join(folder, 'master.sock'), ...files.flatMap((file) => ['-f', file])]
    pid = (await transport.spawnDetached(argv, { log: join(folder, 'log') })).pid
    await until(async () => (await askMaster('show proc')).includes('worker'))
  }
  const end = async () => {
    process.kill(pid, 'SIGTERM')
    await until(async () => (await transport.readFile(`/proc/${pid}/stat`)) === null)
  }
  const askMaster = (line: string) =>
    transport.askSocket(join(folder, 'master.sock'), `${line}\n`, { timeoutMs: 2_000 }).catch(String)
  const edgeOf = (app: App): Edge =>
    haproxyEdge({
      config: configs[app],
      app: parseAppName(app),
      environment: ENVIRONMENT,
      transport,
      sharedLock: localSharedLock(folder, systemClock, localLiveness()),
      clock: systemClock,
    })
  const ask = (app: App) => askPublic(configs[app].bind.port, {})
  const topology = (app: App) => ({ ...topologyOf(ports), app: parseAppName(app) })
  const deploy = async (app: App, to: 'blue' | 'green') => {
    const edge = edgeOf(app)
    const { generation } = await edge.fence({ anchor })
    await edge.apply({ topology: topology(app), fencedBy: generation })
    await until(async () => (await edge.read()).servers[to].every(({ up }) => up > 0))
    await edge.flip({ to, fencedBy: generation, anchor })
    return { edge, generation }
  }

  it('the first deploy adds its file to what runs, and a flip of one app is none of the other', async () => {
    const [one, two] = [await deploy('one', 'blue'), await deploy('two', 'green')]
    expect(await ask('one')).toMatchObject({ status: 200, color: 'blue' })
    expect(await ask('two')).toMatchObject({ status: 200, color: 'green' })
    await one.edge.flip({ to: 'green', fencedBy: one.generation, anchor })
    await two.edge.flip({ to: 'maintenance', fencedBy: two.generation, anchor })
    expect(await ask('one')).toMatchObject({ status: 200, color: 'green' })
    expect(await ask('two')).toMatchObject({ status: 503, color: null })
    await edgeOf('one').start(topology('one'))
    await edgeOf('one').stop()
    expect(await ask('one'), 'down does not stop what is an operator’s').toMatchObject({ color: 'green' })
  })

  it('an empty file needs one `up`: the operator’s HAProxy takes it by its own master, and nobody starts it again', async () => {
    const two = await deploy('two', 'green')
    const before = pid
    await edgeOf('one').start(topology('one'))
    expect(await ask('one'), 'nothing was deployed: the stated page').toMatchObject({ status: 503, color: null })
    expect((await edgeOf('one').read()).memory?.live).toBe('none')
    expect(await edgeOf('one').compare(topology('one'))).toBe('none')
    expect(await askMaster('show proc')).toContain(String(before))
    expect((await two.edge.read()).memory?.live).toBe('green')
    expect(await ask('two')).toMatchObject({ status: 200, color: 'green' })
  })

  it('without HAProxy, `up` writes the file and says to start HAProxy with it; then the same command is all', async () => {
    await end()
    const file = join(folder, 'one', `backflip-one-${ENVIRONMENT}.cfg`)
    const hint = `start HAProxy by the service manager it belongs to, with -f ${file} behind its other files; then: backflip up`
    await expect(edgeOf('one').start(topology('one'))).rejects.toMatchObject({ code: 'edge-not-running', hint })
    expect(readFileSync(file, 'utf8')).toContain('frontend one-')
    await run(configs.one.configFiles)
    await edgeOf('one').start(topology('one'))
    expect(await ask('one')).toMatchObject({ status: 503, color: null })
  })

  it('an HAProxy that is started without our file: it is said which to add, and what it serves stays', async () => {
    await end()
    const [own = '', one = '', two = ''] = configs.two.configFiles
    await run([own, two])
    await deploy('two', 'green')
    await expect(edgeOf('one').start(topology('one'))).rejects.toMatchObject({
      code: 'edge-file-not-loaded',
      hint: expect.stringContaining(`-f ${one} behind its other files`),
    })
    expect(readFileSync(one, 'utf8'), 'it is there for the start that follows').toContain('frontend one-')
    expect(await ask('two')).toMatchObject({ status: 200, color: 'green' })
    await end()
    await run(configs.one.configFiles)
    await edgeOf('one').start(topology('one'))
    expect(await ask('one')).toMatchObject({ status: 503, color: null })
    expect(await ask('two')).toMatchObject({ status: 200, color: 'green' })
  })

  it('both apps reload at the same time: each is confirmed, and nobody’s color moves', async () => {
    const [one, two] = [await deploy('one', 'blue'), await deploy('two', 'green')]
    const more = (app: App) => {
      const { colors, ...rest } = topology(app)
      const blue = colors.blue.map((component) => ({
        ...component,
        routes: [...component.routes, { pathPrefix: '/more' }],
      }))
      return { ...rest, colors: { ...colors, blue } }
    }
    const changes = [
      one.edge.apply({ topology: more('one'), fencedBy: one.generation }),
      two.edge.apply({ topology: more('two'), fencedBy: two.generation }),
    ]
    expect(await Promise.all(changes)).toEqual(['reload', 'reload'])
    expect(await one.edge.compare(more('one'))).toBe('none')
    expect(await two.edge.compare(more('two'))).toBe('none')
    expect(await ask('one')).toMatchObject({ status: 200, color: 'blue' })
    expect(await ask('two')).toMatchObject({ status: 200, color: 'green' })
  })

  it('a first file that HAProxy refuses is not left behind for the operator’s next reload', async () => {
    const two = await deploy('two', 'green')
    const file = join(folder, 'one', `backflip-one-${ENVIRONMENT}.cfg`)
    rmSync(file)
    const edge = edgeOf('one')
    const { generation } = await edge.fence({ anchor })
    const { colors, ...rest } = topology('one')
    const green = colors.green.map((component) => ({
      ...component,
      servers: [...component.servers, ...component.servers],
    }))
    const bad = edge.apply({ topology: { ...rest, colors: { ...colors, green } }, fencedBy: generation })
    await expect(bad).rejects.toMatchObject({ code: 'bad-edge-config' })
    expect(await transport.readFile(file)).toBeNull()
    expect((await two.edge.read()).memory?.live).toBe('green')
    expect(await ask('two')).toMatchObject({ status: 200, color: 'green' })
  })
})
