import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { IncusRuntimeConfig } from '../../src/config/types.ts'
import { getInstance, getState, listInstances } from '../../src/drivers/incus/instances.ts'
import { parseInstanceName } from '../../src/drivers/incus/names.ts'
import type { CachedArtifact, Instance } from '../../src/ports/runtime.ts'
import {
  answerOf,
  launchAsk,
  launched,
  operation,
  RELEASE_A,
  RELEASE_B,
  type TestRelease,
} from '../contract/runtime.ts'
import { BRIDGE, incusFolder } from './bed/bed.ts'
import { type IncusRuntimeWorld, incusRuntimeWorld } from './runtime-world.ts'
import { incusWorld } from './world.ts'

const incus = await incusWorld()
const { client } = incus
afterAll(() => incus.end())

const BLUE = parseInstanceName('shop-test-web-blue')
const [FIRST, LAST] = [incus.address(100), incus.address(110)]
let world: IncusRuntimeWorld
let release: TestRelease
let leased: IncusRuntimeConfig
beforeEach(async () => {
  world = await incusRuntimeWorld(incus, 'script')
  release = await world.release(RELEASE_A, { web: { behaviour: 'serve' } })
  leased = { ...world.options.config, addresses: { first: FIRST, last: LAST, static: null } }
})
afterEach(() => world.close())

const open = (more: Partial<IncusRuntimeConfig> = {}, leaseMs = 30_000) =>
  world.open({ config: { ...leased, ...more }, leaseMs })

/** Where it was promised to the edge before there was a container, and by what it got there. */
async function expectAt(instance: Instance | undefined, host: string): Promise<void> {
  expect(instance).toMatchObject({ state: 'running', address: { host } })
  await answerOf(world, instance as Instance)
  expect((await getInstance(client, BLUE))?.expanded.config).not.toHaveProperty('user.ipv4')
  expect((await getState(client, BLUE))?.addresses).toEqual([host])
}

/** Pid of the bridge's dnsmasq. */
function dhcpServer(): number {
  const mark = `--dhcp-leasefile=${incusFolder(incus.bed)}/networks/${BRIDGE}/dnsmasq.leases`
  const argvOf = (pid: string) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
    } catch {
      return []
    }
  }
  const found = readdirSync('/proc').find((name) => /^\d+$/.test(name) && argvOf(name).includes(mark))
  if (found === undefined) throw new Error(`no dnsmasq of ${BRIDGE} runs`)
  return Number(found)
}

describe('addresses that a bridge of Incus leases', () => {
  it('are those that the edge was told before: after a start, a revival, and in a container made anew', async () => {
    const runtime = open()
    await runtime.checkLaunch(release.manifest)
    expect(await runtime.shortcomings()).toEqual([])
    const host = runtime.addresses('blue', release.manifest)[0]?.servers[0]?.host ?? ''
    expect(host).toBe(FIRST)
    const [first] = await launched(runtime, launchAsk(release, 'blue', 1))
    await expectAt(first, host)
    await runtime.stop({ color: 'blue', fencedBy: 1 })
    await expectAt((await runtime.revive({ color: 'blue', fencedBy: 1 }))[0], host)
    const next = await world.release(RELEASE_B, { web: { behaviour: 'serve' } })
    await runtime.stop({ color: 'blue', fencedBy: 1 })
    const [second] = await launched(runtime, launchAsk(next, 'blue', 2))
    await expectAt(second, host)
    expect(second?.sha).toBe(RELEASE_B)
  })

  it('are there before a migration begins, however late they come: it has a way to its database', async () => {
    const dhcp = dhcpServer()
    process.kill(dhcp, 'SIGSTOP')
    try {
      const running = open().runOnce({
        name: 'migrate',
        operation: operation(1),
        manifest: release.manifest,
        artifact: release.artifacts[0] as CachedArtifact,
        command: ['sh', '-c', 'ip -4 addr show dev eth0'],
        environment: {},
        timeoutMs: 10_000,
        fencedBy: 1,
      })
      running.catch(() => undefined)
      const [container] = await expect
        .poll(() => listInstances(client, { 'user.backflip.phase': 'unpacked' }), { timeout: 20_000, interval: 50 })
        .toHaveLength(1)
        .then(() => listInstances(client))
      // It would begin within this time if nothing held it.
      await wait(500)
      expect((await getState(client, container?.name ?? BLUE))?.addresses).toEqual([])
      process.kill(dhcp, 'SIGCONT')
      const outcome = await running
      expect(outcome).toMatchObject({ state: 'finished', exitCode: 0 })
      expect(outcome.lastLines.join()).toContain(`inet ${LAST}/`)
    } finally {
      process.kill(dhcp, 'SIGCONT')
    }
  })

  it('are missed when an image sets one of its own: it is said which, and nothing of the service is begun', async () => {
    const profile = `own-address-${client.project}`
    const own = incus.address(99)
    await client.call({
      method: 'POST',
      path: '/profiles',
      body: { name: profile, config: { 'user.ipv4': `${own}/16` } },
    })
    const runtime = open({ profiles: ['default', profile] }, 500)
    await runtime.unpack(launchAsk(release, 'blue', 1))
    await expect(runtime.start(launchAsk(release, 'blue', 1))).rejects.toMatchObject({
      code: 'no-lease',
      kind: 'failed',
      details: [`it has ${own}`, `${BRIDGE} has ${FIRST} reserved for it`],
    })
    expect(await runtime.list()).toMatchObject([{ state: 'stopped' }])
    await runtime.remove({ color: 'blue', fencedBy: 1 })
    await client.call({ method: 'DELETE', path: `/profiles/${profile}` })
  })
})

describe('a network that leases nothing is named before anything is changed', () => {
  const silent = `bfq${process.pid % 100_000}`
  const refused = async (network: string, code: string, says: RegExp) => {
    const runtime = open({ network: { device: 'eth0', name: network } })
    await expect(runtime.checkLaunch(release.manifest)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(says) as string,
    })
    expect(await runtime.shortcomings()).toMatchObject([{ message: expect.stringMatching(says) as string }])
    expect(await runtime.list()).toEqual([])
  }

  it('one that is not there, or that Incus does not manage', async () => {
    await refused('nowhere', 'no-network', /there is no network nowhere/)
    await refused('lo', 'network-leases-nothing', /no bridge that Incus manages/)
  })

  it('a bridge without DHCP, or of another subnet; and one that leases our range to anybody is advice', async () => {
    const config = { 'ipv4.address': '10.87.0.1/24', 'ipv4.nat': 'false', 'ipv6.address': 'none', 'dns.mode': 'none' }
    await client.call({ method: 'POST', path: '/networks', body: { name: silent, type: 'bridge', config } })
    try {
      await refused(silent, 'network-leases-nothing', /its subnet is 10\.87\.0\.1\/24/)
      const within = { first: '10.87.0.10', last: '10.87.0.20', static: null }
      const runtime = open({ network: { device: 'eth0', name: silent }, addresses: within })
      await runtime.checkLaunch(release.manifest)
      expect(await runtime.shortcomings()).toMatchObject([{ isAdvice: true }])
      await client.call({ method: 'PATCH', path: `/networks/${silent}`, body: { config: { 'ipv4.dhcp': 'false' } } })
      await expect(runtime.checkLaunch(release.manifest)).rejects.toMatchObject({ code: 'network-leases-nothing' })
    } finally {
      await client.call({ method: 'DELETE', path: `/networks/${silent}` })
    }
  })
})
