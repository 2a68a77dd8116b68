import type { Color } from '../../src/domain/color.ts'
import { BackflipError } from '../../src/domain/errors.ts'
import type { ComponentName, OperationId } from '../../src/domain/ids.ts'
import type { Manifest } from '../../src/domain/release.ts'
import type { ColorTopology } from '../../src/domain/topology.ts'
import type { LaunchAsk, LaunchReport, OneOffOutcome, Runtime } from '../../src/ports/runtime.ts'
import type { Operator } from './operator.ts'
import { fenced, runtimeDown } from './refusals.ts'
import type { FakeInstance, World } from './world.ts'

const FREE_BYTES = 1024 ** 4

/** The place where instances run, as one operator reaches it. Each instance and each folder is a change of its own. */
export function fakeRuntime(world: World, operator: Operator): Runtime {
  const host: Host = { world, operator }
  const ask = <T>(name: string, work: () => T | Promise<T>) =>
    world.call(operator, `runtime.${name}`, () => {
      if (world.runtimeIsSilent()) throw runtimeDown()
      return work()
    })
  return {
    shortcomings: () => ask('shortcomings', () => world.shortcomings.runtime),
    fence: (generation) => ask('fence', () => enter(host, generation)),
    list: () => ask('list', () => [...world.runtime.instances.values()]),
    addresses,
    checkLaunch: () => ask('checkLaunch', () => undefined),
    unpack: (request) => ask('unpack', () => unpack(host, request)),
    start: (request) => ask('start', () => start(host, request)),
    stop: (request) => ask('stop', () => stop(host, request)),
    remove: (request) => ask('remove', () => remove(host, request)),
    revive: ({ color, fencedBy }) => ask('revive', () => revive(host, color, fencedBy)),
    runOnce: (request) => ask('runOnce', () => runOnce(host, request)),
    oneOff: ({ name, operation }) => ask('oneOff', () => outcomeOf(world, `${operation}/${name}`)),
    lastLines: () => ask('lastLines', () => []),
    follow: async function* () {},
    freeBytes: () => ask('freeBytes', () => FREE_BYTES),
  }
}

interface Host {
  readonly world: World
  readonly operator: Operator
}

export function addresses(color: Color, { app, components }: Manifest): ColorTopology {
  const base = color === 'blue' ? 20_000 : 20_100
  return components.map(({ name, routes, health }, index) => ({
    name,
    routes,
    health,
    servers: [{ name: `${app}-local-${name}-${color}`, host: '127.0.0.1', port: base + index }],
  }))
}

/** Refused when a greater generation was here: asked again at every single change. */
function touch(host: Host, what: string, touches: Color, fencedBy: number, apply: () => void): Promise<void> {
  return host.world.change(
    host.operator,
    what,
    () => {
      enter(host, fencedBy)
      apply()
    },
    { touches },
  )
}

function enter({ world: { runtime, runtimeIsSilent } }: Host, fencedBy: number): void {
  if (runtimeIsSilent()) throw runtimeDown()
  if (runtime.fence > fencedBy) throw fenced(fencedBy)
  runtime.fence = fencedBy
}

async function unpack(host: Host, { color, manifest, operation, fencedBy }: LaunchAsk): Promise<void> {
  const { folders } = host.world.runtime
  enter(host, fencedBy)
  for (const { name } of manifest.components) {
    const key = folderKey(color, operation, name)
    if (folders.has(key)) continue
    await touch(host, `unpack ${name} for ${color}`, color, fencedBy, () => {
      folders.set(key, { color, sha: manifest.sha, operation })
    })
  }
}

function folderKey(color: Color, operation: OperationId, component: ComponentName): string {
  return `${color}/${operation}/${component}`
}

async function start(host: Host, ask: LaunchAsk): Promise<LaunchReport> {
  const { color, manifest, fencedBy } = ask
  enter(host, fencedBy)
  const started: FakeInstance[] = []
  for (const topology of addresses(color, manifest)) {
    for (const address of topology.servers) started.push(await startOne(host, ask, topology.name, address))
  }
  const died = started.find(({ state }) => state === 'stopped')
  if (died !== undefined) throw startFailed(`${died.name} ended right after its start`)
  const fingerprints = Object.fromEntries(manifest.components.map(({ name }) => [`${name}.SECRET`, 'f'.repeat(64)]))
  return { instances: started, fingerprints, rotated: [] }
}

async function startOne(
  host: Host,
  { color, manifest, operation, fencedBy }: LaunchAsk,
  component: ComponentName,
  address: FakeInstance['address'],
): Promise<FakeInstance> {
  const { world } = host
  const { instances, folders } = world.runtime
  const release = world.releases.get(manifest.sha)
  if (release === undefined) throw startFailed('nobody knows the release')
  const there = instances.get(address.name)
  if (there?.state === 'running' && there.operation === operation) return there
  await touch(host, `start ${address.name}`, color, fencedBy, () => {
    if (!folders.has(folderKey(color, operation, component))) throw startFailed(`${address.name} has no files`)
    const now = instances.get(address.name)
    if (now?.state === 'running' && now.operation !== operation) throw startFailed(`${address.name} runs already`)
    const dies = release.variety === 'dies'
    instances.set(address.name, {
      name: address.name,
      component,
      color,
      state: dies ? 'stopped' : 'running',
      sha: manifest.sha,
      operation,
      address,
      since: world.clock.stamp(),
      beganMs: null,
      exit: dies ? 'exit code 1' : null,
      release,
      died: false,
    })
  })
  const made = instances.get(address.name)
  if (made === undefined) throw startFailed(`${address.name} is gone`)
  return made
}

function startFailed(message: string): BackflipError {
  return new BackflipError(message, { code: 'start-failed', kind: 'failed' })
}

type EndAsk = Parameters<Runtime['stop']>[0]

function belonging({ world }: Host, { color, operation }: EndAsk): readonly FakeInstance[] {
  return world.instancesOf(color).filter((one) => operation === undefined || one.operation === operation)
}

async function stop(host: Host, ask: EndAsk): Promise<void> {
  enter(host, ask.fencedBy)
  for (const one of belonging(host, ask)) {
    if (one.state === 'stopped') continue
    await touch(host, `stop ${one.name}`, ask.color, ask.fencedBy, () => {
      host.world.runtime.instances.set(one.name, { ...one, state: 'stopped', exit: 'SIGTERM' })
    })
  }
}

async function remove(host: Host, ask: EndAsk): Promise<void> {
  const { instances, folders } = host.world.runtime
  enter(host, ask.fencedBy)
  for (const { name } of belonging(host, ask)) {
    await touch(host, `remove ${name}`, ask.color, ask.fencedBy, () => void instances.delete(name))
  }
  for (const [key, { color, operation }] of folders) {
    if (color !== ask.color || (ask.operation !== undefined && operation !== ask.operation)) continue
    await touch(host, `delete ${key}`, ask.color, ask.fencedBy, () => void folders.delete(key))
  }
}

async function revive(host: Host, color: Color, fencedBy: number): Promise<readonly FakeInstance[]> {
  enter(host, fencedBy)
  for (const one of host.world.instancesOf(color)) {
    if (one.state === 'running') continue
    await host.world.change(host.operator, `revive ${one.name}`, () => {
      enter(host, fencedBy)
      host.world.runtime.instances.set(one.name, { ...one, state: 'running', died: false, exit: null })
    })
  }
  return host.world.instancesOf(color)
}

function outcomeOf({ runtime }: World, key: string): OneOffOutcome {
  const found = runtime.oneOffs.get(key)
  if (found === undefined) return { state: 'absent', exitCode: null, lastLines: [] }
  return { state: found.state, exitCode: found.exitCode, lastLines: [] }
}

async function runOnce(
  host: Host,
  { name, operation, manifest, fencedBy }: Parameters<Runtime['runOnce']>[0],
): Promise<OneOffOutcome> {
  const { world } = host
  const { oneOffs } = world.runtime
  const key = `${operation}/${name}`
  enter(host, fencedBy)
  if (!oneOffs.has(key)) {
    await world.change(host.operator, `run ${name} of ${manifest.sha.slice(0, 4)}`, () => {
      enter(host, fencedBy)
      const migration = world.releases.get(manifest.sha)?.migration
      const lost = migration === 'leaves-no-exit-code' && name === 'migrate'
      const exitCode = lost ? null : migration === 'fails' ? 1 : 0
      oneOffs.set(key, { state: lost ? 'unknown' : 'finished', exitCode, runs: (oneOffs.get(key)?.runs ?? 0) + 1 })
    })
  }
  return outcomeOf(world, key)
}
