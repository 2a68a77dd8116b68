import type { IncusRuntimeConfig } from '../../../config/types.ts'
import type { Color } from '../../../domain/color.ts'
import type { AppName, EnvironmentName } from '../../../domain/ids.ts'
import type { ProcessEnvironment } from '../../../lib/secrets.ts'
import type { Clock } from '../../../ports/clock.ts'
import type { Runtime } from '../../../ports/runtime.ts'
import type { IncusClient } from '../client.ts'
import { enterFence } from '../fence.ts'
import { topologyOf } from './addresses.ts'
import { networkShortcomings } from './check-network.ts'
import type { RuntimeContext } from './context.ts'
import { followLines } from './follow.ts'
import { listColors } from './list.ts'
import { lastLines } from './logs.ts'
import { lookAtOneOff } from './one-off-state.ts'
import { removeColor } from './remove.ts'
import { accessShortcomings, checkLaunch, freeBytes } from './room.ts'
import { runOnce } from './run-once.ts'
import { reviveColor, startColor } from './start.ts'
import { stopColor } from './stop.ts'
import { unpackRelease } from './unpack.ts'

/** Costs nothing where the port answers earlier. */
const GRACE_MS = 3_000
/** A container that boots on a busy host, and a DHCP client that asks again after some seconds. */
const LEASE_MS = 30_000

export interface IncusRuntimeOptions {
  readonly client: IncusClient
  readonly config: IncusRuntimeConfig
  readonly app: AppName
  readonly environment: EnvironmentName
  /** Of this host: the key of the secrets' fingerprints, and logs of containers that were removed. */
  readonly stateFolder: string
  readonly clock: Clock
  /** Where `{env: NAME}` secrets are read. Default: the environment of this process. */
  readonly processEnvironment?: ProcessEnvironment
  /** How long a start is watched for a service that ends at once; it is over earlier when the port answers. Default 3,000. */
  readonly graceMs?: number
  /** How long a container may take to get its leased address. Default 30,000. */
  readonly leaseMs?: number
}

/** Instances are containers that Incus keeps and serves from, also while its daemon is dead. How, and what it cannot do, is in `README.md`. */
export function incusRuntime(options: IncusRuntimeOptions): Runtime {
  const context = contextOf(options)
  const { config, owner } = context
  const queue = new Map<Color, Promise<unknown>>()

  /** One change of a color at a time: an attempt that ran into its time limit may still be at work when the next one comes. */
  const change = <T>(color: Color, work: () => Promise<T>): Promise<T> => {
    const turn = (queue.get(color) ?? Promise.resolve()).then(work)
    queue.set(color, turn.then(nothing, nothing))
    return turn
  }
  return {
    fence: (generation) => context.enter(generation).then(nothing),
    list: () => listColors(context),
    addresses: (color, manifest) => topologyOf(config, owner, color, manifest),
    checkLaunch: (manifest) => checkLaunch(context, manifest),
    unpack: (ask) => change(ask.color, () => unpackRelease(context, ask)),
    start: (ask) => change(ask.color, () => startColor(context, ask)),
    stop: (ask) => change(ask.color, () => stopColor(context, ask)),
    remove: (ask) => change(ask.color, () => removeColor(context, ask)),
    revive: (ask) => change(ask.color, () => reviveColor(context, ask)),
    runOnce: (ask) => runOnce(context, ask),
    oneOff: (ask) => lookAtOneOff(context, ask),
    lastLines: (ask) => lastLines(context, ask),
    follow: (ask) => followLines(context, ask),
    freeBytes: () => freeBytes(context),
    shortcomings: async () => (await Promise.all([accessShortcomings(context), networkShortcomings(context)])).flat(),
  }
}

function contextOf(options: IncusRuntimeOptions): RuntimeContext {
  const { client, config, app, environment, stateFolder, clock } = options
  const owner = { app, environment }
  return {
    client,
    config,
    owner,
    clock,
    stateFolder,
    ours: options.processEnvironment ?? process.env,
    graceMs: options.graceMs ?? GRACE_MS,
    leaseMs: options.leaseMs ?? LEASE_MS,
    enter: (generation) => enterFence(client, `${app}.${environment}`, generation),
  }
}

function nothing(): void {
  return
}
