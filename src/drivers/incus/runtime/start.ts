import type { Color } from '../../../domain/color.ts'
import { BackflipError } from '../../../domain/errors.ts'
import { allOf } from '../../../lib/all-of.ts'
import { rotatedSince } from '../../../lib/fingerprints.ts'
import type { Instance, LaunchAsk, LaunchReport } from '../../../ports/runtime.ts'
import { isIncusError } from '../errors.ts'
import type { Entered } from '../fence.ts'
import { changeState, getInstance, patchInstance } from '../instances.ts'
import type { InstanceName } from '../names.ts'
import { awaitLease } from './await-lease.ts'
import type { RuntimeContext } from './context.ts'
import { formatEnvironment } from './environment-file.ts'
import { fingerprintsOf, type Ready, withEnvironments } from './environments.ts'
import { type InnerPaths, innerCommand, innerPaths } from './files-in-container.ts'
import { endKeys, type Owned, phaseKeys, readLabels } from './labels.ts'
import { ownedOfColor, refuseOthers, toInstance } from './list.ts'
import { STOP_SCRIPT } from './rc-script.ts'
import { readExit, systemctl, writeInner } from './service.ts'
import { startFailed } from './start-failed.ts'
import { serviceUnit } from './systemd-unit.ts'
import { watchStart } from './watch-start.ts'

/** Starts what does not run yet of a release on a color. Nothing is started when a secret is missing or another release runs there. */
export async function startColor(context: RuntimeContext, ask: LaunchAsk): Promise<LaunchReport> {
  const entered = await context.enter(ask.fencedBy)
  const found = await ownedOfColor(context, ask.color)
  refuseOthers(found, ask.color, ask.operation)
  const ready = await withEnvironments(context, ask)
  const fingerprints = await fingerprintsOf(context, ready)
  const instances = await allOf(ready.map((one) => ensureStarted(context, entered, ask, one, found)))
  return { instances, fingerprints, rotated: rotatedSince(ask.knownFingerprints ?? {}, fingerprints) }
}

/** Starts the stopped containers of a color again: everything they need is in them. */
export async function reviveColor(
  context: RuntimeContext,
  { color, fencedBy }: { readonly color: Color; readonly fencedBy: number },
): Promise<readonly Instance[]> {
  const entered = await context.enter(fencedBy)
  const found = (await ownedOfColor(context, color)).filter(({ phase }) => phase === 'started')
  return allOf(
    found.map(async (owned) => {
      if (owned.instance.status === 'Running') return shown(owned)
      const { labels, instance } = owned
      const paths = innerPaths(context.config, labels.operation)
      await entered.check()
      await writeInner(context, instance.name, paths.exit, '')
      if (context.config.service === 'script') await writeInner(context, instance.name, paths.go, '')
      await bootAgain(context, owned)
      return settleStart(context, entered, owned)
    }),
  )
}

async function ensureStarted(
  context: RuntimeContext,
  entered: Entered,
  { operation }: LaunchAsk,
  ready: Ready,
  found: readonly Owned[],
): Promise<Instance> {
  const { place } = ready
  const owned = found.find((one) => one.instance.name === place.address.name && one.labels.operation === operation)
  if (owned === undefined || owned.phase === 'made')
    throw await startFailed(context, place, operation, 'its release is not unpacked')
  const { name, status } = owned.instance
  if (owned.phase === 'started' && status === 'Running') return shown(owned)
  if (status === 'Running') await awaitLease(context, name, place.address.host)
  await entered.check()
  await writeService(context, ready, owned).catch(async (error: unknown) => {
    // Another container has the name, without this operation's folder.
    if (isIncusError(error, 'incus-not-found')) await entered.check()
    throw error
  })
  if (status === 'Stopped') await bootAgain(context, owned)
  if (context.config.service === 'systemd') await enable(context, name, innerPaths(context.config, operation))
  return settleStart(context, entered, owned)
}

/** Its service comes up by itself, perhaps before the address; what ended for want of one is started again by its supervisor, and is no failure. */
async function bootAgain(context: RuntimeContext, { instance: { name }, labels }: Owned): Promise<void> {
  await changeState(context.client, name, 'start')
  if (context.config.addresses.static !== null) return
  await awaitLease(context, name, labels.host)
  await writeInner(context, name, innerPaths(context.config, labels.operation).exit, '')
}

/** A service that ended before systemd had called it started is told with its own words, by whoever watches the start. */
async function enable(context: RuntimeContext, name: InstanceName, paths: InnerPaths): Promise<void> {
  try {
    // Without reading every unit again while the container boots: `start` reads a unit that is new (systemd from 246 on).
    await systemctl(context, name, ['--no-reload', 'enable', paths.unit])
    await systemctl(context, name, ['start', paths.unit])
  } catch (error) {
    if (!isIncusError(error, 'service-failed') || (await readExit(context, name, paths)) === null) throw error
  }
}

/** All that the service needs, in the container: whoever revives it needs no manifest and no secret. The file that lets it go comes last. */
async function writeService(context: RuntimeContext, { place, resolved }: Ready, owned: Owned): Promise<void> {
  const { config } = context
  const { component, release } = place
  const { name } = owned.instance
  const paths = innerPaths(config, owned.labels.operation)
  const { secrets, variables } = resolved
  const plain = Object.fromEntries(Object.entries(variables).filter(([key]) => secrets[key] === undefined))
  // A note of an earlier end would be taken for one of this start.
  await writeInner(context, name, paths.exit, '')
  await writeInner(context, name, paths.environment, formatEnvironment(component, plain))
  await writeInner(context, name, paths.secrets, formatEnvironment(component, secrets))
  if (config.service === 'script') {
    await writeInner(context, name, paths.stop, STOP_SCRIPT)
    return writeInner(context, name, paths.go, '')
  }
  const unit = serviceUnit({
    description: `${component} of ${owned.labels.sha}`,
    paths,
    argv: innerCommand(paths, release.command),
    user: config.user,
    stopTimeoutMs: release.stopTimeoutMs,
  })
  await writeInner(context, name, `/etc/systemd/system/${paths.unit}`, unit, 0o644)
}

/** Watches it, and writes down what came of it: from then on others see it as started. */
async function settleStart(context: RuntimeContext, entered: Entered, owned: Owned): Promise<Instance> {
  const { client, clock, config, owner } = context
  const { instance, labels } = owned
  const paths = innerPaths(config, labels.operation)
  const ended = await watchStart(context, instance.name, paths, labels)
  await entered.check()
  if (ended !== null) {
    await changeState(client, instance.name, 'stop', { force: true })
    await patchInstance(client, instance.name, {
      config: { ...phaseKeys('started'), ...endKeys(ended.exit, clock.now()) },
    })
    const how = /^\d+$/.test(ended.exit) ? `exit code ${ended.exit}` : ended.exit
    const place = { ...labels, address: { name: instance.name } }
    throw await startFailed(context, place, labels.operation, `it ended at once (${how})`)
  }
  await patchInstance(client, instance.name, { config: { ...phaseKeys('started'), ...endKeys(null, null) } })
  const now = await getInstance(client, instance.name)
  const seen = now === null ? null : readLabels(owner, now)
  if (seen !== null) return shown(seen)
  throw new BackflipError(`${instance.name} is gone: somebody deleted it while it started`, {
    code: 'start-failed',
    kind: 'failed',
  })
}

function shown(owned: Owned): Instance {
  const instance = toInstance(owned)
  if (instance === null) throw new Error(`${owned.instance.name} is of no color`)
  return instance
}
