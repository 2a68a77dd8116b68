import { BackflipError, refusal } from '../../../domain/errors.ts'
import { isIncusError } from '../errors.ts'
import type { Entered } from '../fence.ts'
import { pushFile } from '../files.ts'
import { changeState, createInstance, type Devices, getInstance, type Keys } from '../instances.ts'
import type { InstanceName } from '../names.ts'
import type { RuntimeContext } from './context.ts'
import { RC_SCRIPT } from './files-in-container.ts'
import { type Labels, type Owned, readLabels, toKeys } from './labels.ts'

/** While somebody else starts it. */
const START_TRIES = 50
const START_PAUSE_MS = 200

export interface CreateAsk {
  readonly name: InstanceName
  readonly labels: Labels
  /** For `script`: the file that the image's init runs. It must be there before the container starts first. */
  readonly script: string | null
  /** Cluster member. */
  readonly target?: string
}

/** Makes a container with our labels and nothing of the release in it. Errors `not-ours`, `incus-exists`, `fenced`. */
export async function createContainer(context: RuntimeContext, entered: Entered, ask: CreateAsk): Promise<void> {
  const { client, config, owner } = context
  const { name, labels, target } = ask
  await entered.check()
  try {
    await createInstance(client, {
      name,
      source: { image: config.image },
      profiles: [...config.profiles, entered.profile],
      config: { ...config.limits, ...addressKeys(context, labels.host), ...toKeys(owner, labels) },
      devices: addressDevices(context, labels.host),
      ...(target === undefined ? {} : { target }),
    })
  } catch (error) {
    throw await explain(context, entered, name, error)
  }
}

/** Starts it the first time. Repeatable, also by somebody else at the same time. */
export async function bringUp({ client, clock }: RuntimeContext, { name, script }: CreateAsk): Promise<void> {
  if (script !== null)
    await pushFile(client, name, RC_SCRIPT, Buffer.from(script), { mode: 0o755 }).catch(noRcFolder(name))
  for (let tries = 1; ; tries += 1) {
    try {
      await changeState(client, name, 'start')
      return
    } catch (error) {
      if (isIncusError(error, 'incus-running')) return
      if (!isIncusError(error, 'incus-locked') || tries === START_TRIES) throw error
      await clock.sleep(START_PAUSE_MS)
    }
  }
}

/** What images that set their own address take it from (research/incus.md §2.1). */
function addressKeys({ config }: RuntimeContext, host: string): Keys {
  if (config.addresses.static === null) return {}
  const { prefix, gateway } = config.addresses.static
  return { 'user.ipv4': `${host}/${prefix}`, 'user.gw': gateway }
}

/** A lease that is always the same, and Incus' own check that nobody else has it. */
function addressDevices({ config: { network } }: RuntimeContext, host: string): Devices {
  if (network === null) return {}
  return { [network.device]: { type: 'nic', network: network.name, name: network.device, 'ipv4.address': host } }
}

async function explain(
  context: RuntimeContext,
  entered: Entered,
  name: InstanceName,
  error: unknown,
): Promise<unknown> {
  if (isIncusError(error, 'incus-no-profile')) await entered.check()
  if (isIncusError(error, 'incus-exists')) await findOurs(context, name)
  return error
}

/**
 * The container of that name as ours, or null when there is none. Error `not-ours` (kind `refused`) for one without our labels: whoever made it, it is
 * never touched.
 */
export async function findOurs({ client, owner }: RuntimeContext, name: InstanceName): Promise<Owned | null> {
  const found = await getInstance(client, name)
  if (found === null) return null
  const owned = readLabels(owner, found)
  if (owned !== null) return owned
  throw refusal(
    `there is a container ${name} that is not ours: it has no labels of ${owner.app} in ${owner.environment}`,
    {
      code: 'not-ours',
      details: [`Incus at ${client.where}, project ${client.project}; it is left as it is`],
      hint: `look at it (incus config show ${name}), then rename or delete it: incus rename ${name} NEW`,
    },
  )
}

function noRcFolder(name: InstanceName): (error: unknown) => never {
  return (error) => {
    if (!isIncusError(error, 'incus-not-found')) throw error
    throw new BackflipError(`the image of ${name} has no /etc/rc.d that its init would run`, {
      code: 'no-supervisor',
      kind: 'failed',
      hint: 'write runtime.service: systemd, or take an image whose init runs that folder',
      cause: error,
    })
  }
}
