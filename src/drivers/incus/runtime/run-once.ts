import { scanArchive } from '../../../lib/archive/send-tar.ts'
import { resolveEnvironment } from '../../../lib/instance-environment.ts'
import { secretResolver } from '../../../lib/secrets.ts'
import type { OneOffOutcome, Runtime } from '../../../ports/runtime.ts'
import { isIncusError } from '../errors.ts'
import type { Entered } from '../fence.ts'
import { patchInstance } from '../instances.ts'
import { oneOffAddress } from './addresses.ts'
import { awaitLease } from './await-lease.ts'
import { clearOthers } from './clear-one-offs.ts'
import type { RuntimeContext } from './context.ts'
import { bringUp, type CreateAsk, createContainer, findOurs } from './create.ts'
import { deliver } from './deliver.ts'
import { formatEnvironment } from './environment-file.ts'
import { innerCommand, innerPaths } from './files-in-container.ts'
import { phaseKeys } from './labels.ts'
import { oneOffContainer } from './names.ts'
import { lookInside } from './one-off-state.ts'
import { oneOffScript } from './rc-script.ts'
import { systemctl, writeInner } from './service.ts'
import { settleOneOff } from './settle-one-off.ts'
import { oneOffUnit } from './systemd-unit.ts'

type RunOnceAsk = Parameters<Runtime['runOnce']>[0]

/** From the time limit to KILL, in the container. */
const KILL_AFTER_MS = 5_000
/** For a container that somebody else is making. */
const MAKE_MS = 5 * 60_000
const MAKE_PAUSE_MS = 100

/**
 * Runs a command to its end, once, in a container of its own. Incus lets one make the container of that name; in it a folder lets one begin, and the
 * command's own service leaves how it ended in a file: neither our end nor the daemon's loses it.
 */
export async function runOnce(context: RuntimeContext, ask: RunOnceAsk): Promise<OneOffOutcome> {
  const entered = await context.enter(ask.fencedBy)
  const look = await lookInside(context, ask)
  if (look.at !== 'begun') {
    await clearOthers(context, entered, ask)
    try {
      await prepareAndBegin(context, entered, ask)
    } catch (error) {
      // Somebody else may have prepared it too, begun, and even ended it meanwhile.
      if ((await lookInside(context, ask)).at !== 'begun') throw error
    }
  }
  return settleOneOff(context, entered, ask)
}

async function prepareAndBegin(context: RuntimeContext, entered: Entered, ask: RunOnceAsk): Promise<void> {
  const { client, config } = context
  const { operation, artifact } = ask
  const paths = innerPaths(config, operation)
  const variables = await environmentOf(context, ask)
  await scanArchive(artifact.path)
  const container = containerOf(context, entered, ask)
  const { name } = container
  await makeOrFind(context, entered, container)
  await bringUp(context, container)
  await deliver(context, entered, { instance: name, archive: artifact.path, paths })
  await patchInstance(client, name, { config: phaseKeys('unpacked') })
  await awaitLease(context, name, container.labels.host)
  const startedAt = (await findOurs(context, name))?.instance.startedAt ?? ''
  await entered.check()
  await writeInner(context, name, paths.environment, variables.plain)
  await writeInner(context, name, paths.secrets, variables.secret)
  await writeInner(context, name, paths.begun, startedAt)
  await begin(context, ask, container)
}

/** Of two that make it at once Incus lets one; the other waits until it is there. */
async function makeOrFind(context: RuntimeContext, entered: Entered, container: CreateAsk): Promise<void> {
  const { clock } = context
  const end = clock.monotonicMs() + MAKE_MS
  while ((await findOurs(context, container.name)) === null) {
    try {
      await createContainer(context, entered, container)
    } catch (error) {
      if (!isIncusError(error, 'incus-exists', 'incus-locked') || clock.monotonicMs() > end) throw error
      await clock.sleep(MAKE_PAUSE_MS)
    }
  }
}

/** What Incus is to make. The range's last address is for it: of two one-offs that run at once the second does not start. */
function containerOf(context: RuntimeContext, { generation }: Entered, ask: RunOnceAsk): CreateAsk {
  const { config, owner } = context
  const { name: oneOff, operation, manifest, artifact, timeoutMs } = ask
  const paths = innerPaths(config, operation)
  const argv = innerCommand(paths, ask.command)
  return {
    name: oneOffContainer(owner, ask),
    labels: {
      component: artifact.component,
      color: null,
      oneOff,
      sha: manifest.sha,
      operation,
      generation,
      nth: 1,
      host: oneOffAddress(config),
      port: config.port,
      stopTimeoutMs: KILL_AFTER_MS,
    },
    script: config.service === 'script' ? oneOffScript({ paths, argv, timeoutMs }) : null,
  }
}

async function begin(context: RuntimeContext, ask: RunOnceAsk, { name, labels }: CreateAsk): Promise<void> {
  const { config } = context
  const paths = innerPaths(config, ask.operation)
  if (config.service === 'script') return writeInner(context, name, paths.go, '')
  const unit = oneOffUnit({
    description: `${ask.name} of ${labels.sha}`,
    paths,
    argv: innerCommand(paths, ask.command),
    user: config.user,
    stopTimeoutMs: KILL_AFTER_MS,
    timeoutMs: ask.timeoutMs,
  })
  await writeInner(context, name, `/etc/systemd/system/${paths.unit}`, unit, 0o644)
  // `start` reads a unit that is new (systemd from 246 on).
  await systemctl(context, name, ['start', paths.unit])
}

async function environmentOf({ ours, owner }: RuntimeContext, ask: RunOnceAsk) {
  const { artifact, environment, manifest, operation } = ask
  const { component } = artifact
  const fixed = {
    BACKFLIP_INSTANCE: oneOffContainer(owner, ask),
    BACKFLIP_OPERATION: operation,
    BACKFLIP_SHA: manifest.sha,
  }
  const resolve = secretResolver(ours)
  const { variables, secrets } = await resolveEnvironment({ component, environment, fixed, ours: {}, resolve })
  const plain = Object.fromEntries(Object.entries(variables).filter(([key]) => secrets[key] === undefined))
  return { plain: formatEnvironment(component, plain), secret: formatEnvironment(component, secrets) }
}
