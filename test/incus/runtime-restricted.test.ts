import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type IncusClient, incusClient } from '../../src/drivers/incus/client.ts'
import type { IncusPlace } from '../../src/drivers/incus/connection.ts'
import { listInstances } from '../../src/drivers/incus/instances.ts'
import { parseProjectName } from '../../src/drivers/incus/names.ts'
import type { CachedArtifact, Instance } from '../../src/ports/runtime.ts'
import { answerOf, launchAsk, launched, operation, RELEASE_A, web } from '../contract/runtime.ts'
import { BRIDGE, GATEWAY, incusFolder, POOLS } from './bed/bed.ts'
import { daemonEnvironment } from './bed/daemon.ts'
import { runProgram } from './bed/run-program.ts'
import { type IncusRuntimeWorld, incusRuntimeWorld } from './runtime-world.ts'
import { incusWorld } from './world.ts'

const bed = await incusWorld()
/** As an operator makes it, with profiles of its own; the tests' other projects share theirs. */
const project = parseProjectName(`guide-${bed.client.project}`)
let place: Exclude<IncusPlace, { socket: string }>
let client: IncusClient
let world: IncusRuntimeWorld

const incus = (...args: readonly string[]) =>
  runProgram(['incus', ...args], { limitMs: 30_000, env: daemonEnvironment(incusFolder(bed.bed)) })

/** Every command of docs/guides/incus.md that the runtime needs, in its order. */
beforeAll(async () => {
  await incus('config', 'set', `core.https_address=${GATEWAY}:8443`)
  await incus('project', 'create', project, '-c', 'features.images=false')
  await incus(
    'profile',
    'device',
    'add',
    'default',
    'root',
    'disk',
    'path=/',
    `pool=${POOLS.btrfs}`,
    '--project',
    project,
  )
  await incus(
    'profile',
    'device',
    'add',
    'default',
    'eth0',
    'nic',
    `network=${BRIDGE}`,
    'name=eth0',
    '--project',
    project,
  )
  const folder = join(bed.folder, 'client')
  mkdirSync(folder, { recursive: true })
  const own = { PATH: process.env.PATH ?? '', INCUS_CONF: folder, HOME: folder }
  await runProgram(['incus', 'remote', 'generate-certificate'], { limitMs: 10_000, env: own })
  const trust = ['config', 'trust', 'add-certificate', join(folder, 'client.crt'), '--restricted']
  await incus(...trust, '--projects', project, '--name', project)
  const fingerprint = /certificate_fingerprint: ([0-9a-f]{64})/.exec(await incus('info'))?.[1] ?? ''
  const read = (file: string) => readFileSync(join(folder, file), 'utf8')
  place = { host: GATEWAY, port: 8443, fingerprint, certificate: read('client.crt'), key: read('client.key') }
  client = incusClient({ place, project })
  world = await incusRuntimeWorld({ client, folder: bed.folder, address: bed.address }, 'script')
})
afterAll(async () => {
  await world.close()
  client.close()
  await incus('project', 'delete', project)
  await bed.end()
})

describe('a restricted certificate and a project of its own', () => {
  it('are all that a deploy, a migration, a rollback’s revival and a cleanup need', async () => {
    const runtime = world.open()
    const release = await world.release(RELEASE_A, { web: { behaviour: 'serve', instances: 2 } })
    await runtime.checkLaunch(release.manifest)
    const { addresses } = world.options.config
    const leased = world.open({ config: { ...world.options.config, addresses: { ...addresses, static: null } } })
    await leased.checkLaunch(release.manifest)
    expect(await leased.shortcomings()).toEqual([])
    expect(await runtime.freeBytes()).toBeGreaterThan(0)
    await runtime.fence(1)
    const outcome = await runtime.runOnce({
      name: 'migrate',
      operation: operation(1),
      manifest: release.manifest,
      artifact: release.artifacts[0] as CachedArtifact,
      command: world.command(0, 0),
      environment: {},
      timeoutMs: 10_000,
      fencedBy: 1,
    })
    expect(outcome).toMatchObject({ state: 'finished', exitCode: 0 })
    const [first] = await launched(runtime, launchAsk(release, 'blue', 1))
    await answerOf(world, first as Instance)
    await runtime.stop({ color: 'blue', fencedBy: 1 })
    await runtime.revive({ color: 'blue', fencedBy: 1 })
    await answerOf(world, first as Instance)
    expect((await runtime.lastLines({ color: 'blue', component: web, lines: 5 })).join()).toContain('listening')
    await runtime.remove({ color: 'blue', fencedBy: 1 })
    expect(await runtime.list()).toEqual([])
  })

  it('let it see and touch nothing else', async () => {
    await bed.launch('somebody-elses', 'busybox', 9)
    const elsewhere = incusClient({ place, project: bed.client.project })
    await expect(listInstances(elsewhere)).rejects.toMatchObject({ code: 'incus-no-right' })
    const strangers = world.open({ client: elsewhere })
    await expect(strangers.list()).rejects.toMatchObject({ code: 'incus-no-right' })
    await expect(strangers.fence(1)).rejects.toMatchObject({ code: 'incus-no-right' })
    elsewhere.close()
  })
})
