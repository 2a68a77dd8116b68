import type { IncusClient } from './client.ts'
import { isIncusError } from './errors.ts'
import type { InstanceName, SnapshotName } from './names.ts'
import { type Ended, perform } from './operations.ts'

const CREATE_LIMIT_MS = 5 * 60_000
const STATE_LIMIT_MS = 60_000
/** What a stop waits beyond its own time before it counts as late. */
const STOP_GRACE_MS = 15_000

export type Keys = { readonly [key: string]: string }
export type Devices = { readonly [name: string]: Keys }

/** `status` as Incus says it: Running, Stopped, Frozen, Error … */
export interface Instance {
  readonly name: InstanceName
  readonly status: string
  /** Its own keys, without the profiles'. */
  readonly config: Keys
  readonly devices: Devices
  readonly profiles: readonly string[]
  /** With what comes from the profiles. */
  readonly expanded: { readonly config: Keys; readonly devices: Devices }
  readonly createdAt: string
  /** When it was started last; null when it never was. */
  readonly startedAt: string | null
  /** Cluster member, or `none`. */
  readonly location: string
}

export interface InstanceState {
  readonly status: string
  /** Of process 1, in the daemon's own count; 0 when it does not run. */
  readonly pid: number
  readonly startedAt: string | null
  /** Global IPv4 addresses, without the loopback's. */
  readonly addresses: readonly string[]
  readonly memoryBytes: number
}

/** `etag` for a change that must not overwrite somebody else's. */
export interface SeenInstance extends Instance {
  readonly etag: string
  /** What a replacement has to say again. */
  readonly rest: { readonly architecture: string; readonly description: string; readonly ephemeral: boolean }
}

/** Every instance of the project, or those whose configuration has all of `having`, as `{'user.backflip.color': 'blue'}`. */
export async function listInstances(
  client: IncusClient,
  having: Keys = {},
  { timeoutMs }: { readonly timeoutMs?: number } = {},
): Promise<readonly Instance[]> {
  const filter = Object.entries(having).map(([key, value]) => `config.${key} eq ${value}`)
  const query = { recursion: '1', ...(filter.length === 0 ? {} : { filter: filter.join(' and ') }) }
  const limit = timeoutMs === undefined ? {} : { timeoutMs }
  const { metadata } = await client.call({ method: 'GET', path: '/instances', query, what: 'list instances', ...limit })
  return (metadata as readonly WireInstance[]).map(toInstance)
}

/** Null when there is none. */
export async function getInstance(client: IncusClient, name: InstanceName): Promise<SeenInstance | null> {
  return nullWhenAbsent(async () => {
    const answer = await client.call({ method: 'GET', path: pathOf(name), what: `look at ${name}` })
    const wire = answer.metadata as WireInstance
    const { architecture, description, ephemeral } = wire
    const etag = (answer.type === 'sync' && answer.etag) || ''
    return { ...toInstance(wire), etag, rest: { architecture, description, ephemeral } }
  })
}

export async function getState(client: IncusClient, name: InstanceName): Promise<InstanceState | null> {
  return nullWhenAbsent(async () => {
    const { metadata } = await client.call({ method: 'GET', path: `${pathOf(name)}/state`, what: `look at ${name}` })
    return toState(metadata as WireState)
  })
}

export type InstanceSource =
  /** Alias, or the whole fingerprint. */
  | { readonly image: string }
  /** Of a stopped instance, or of a snapshot. */
  | { readonly copyOf: InstanceName; readonly snapshot?: SnapshotName }

export interface CreateInstance {
  readonly name: InstanceName
  readonly source: InstanceSource
  readonly profiles?: readonly string[]
  readonly config?: Keys
  readonly devices?: Devices
  /** Cluster member. */
  readonly target?: string
  /** Started in the same operation. */
  readonly start?: boolean
  readonly limitMs?: number
}

/** Error `incus-exists` when the name is taken, also by an earlier try of our own: look first. */
export async function createInstance(client: IncusClient, ask: CreateInstance): Promise<Ended> {
  const { name, source, profiles, config = {}, devices = {}, target, start = false } = ask
  return perform(client, {
    method: 'POST',
    path: '/instances',
    query: target === undefined ? {} : { target },
    body: {
      name,
      type: 'container',
      start,
      source: toWireSource(source),
      config,
      devices,
      ...(profiles === undefined ? {} : { profiles }),
    },
    limitMs: ask.limitMs ?? CREATE_LIMIT_MS,
    what: `create ${name}`,
  })
}

function toWireSource(source: InstanceSource): Keys {
  if ('image' in source) return { type: 'image', [isFingerprint(source.image) ? 'fingerprint' : 'alias']: source.image }
  const { copyOf, snapshot } = source
  return { type: 'copy', source: snapshot === undefined ? copyOf : `${copyOf}/${snapshot}` }
}

/** SHA-256 in hex. */
export function isFingerprint(image: string): boolean {
  return /^[0-9a-f]{64}$/.test(image)
}

export type StateChange = 'start' | 'stop' | 'restart' | 'freeze' | 'unfreeze'

/**
 * `timeoutMs` is what the instance gets to stop by itself; `force` gives it none. A graceful stop right after a start can be lost
 * (research/incus.md §10, 1). `start` of what runs and `stop` of what does not are errors `incus-running` and `incus-stopped`.
 */
export async function changeState(
  client: IncusClient,
  name: InstanceName,
  action: StateChange,
  { force = false, timeoutMs = 30_000 }: { readonly force?: boolean; readonly timeoutMs?: number } = {},
): Promise<Ended> {
  return perform(client, {
    method: 'PUT',
    path: `${pathOf(name)}/state`,
    body: { action, force, timeout: Math.ceil(timeoutMs / 1000) },
    limitMs: action === 'stop' || action === 'restart' ? timeoutMs + STOP_GRACE_MS : STATE_LIMIT_MS,
    what: `${action} ${name}`,
  })
}

/** Changes some keys and devices. With `etag`, error `incus-changed` when somebody was faster. */
export async function patchInstance(
  client: IncusClient,
  name: InstanceName,
  patch: { readonly config?: Keys; readonly devices?: Devices },
  etag?: string,
): Promise<void> {
  const headers = etag === undefined ? {} : { 'if-match': etag }
  const what = `change ${name}`
  await perform(client, { method: 'PATCH', path: pathOf(name), body: patch, headers, limitMs: STATE_LIMIT_MS, what })
}

/** Its own keys, devices and profiles as a whole: what is left out goes. Error `incus-changed` when it is no longer as it was seen. */
export async function replaceInstance(
  client: IncusClient,
  { name, etag, rest }: SeenInstance,
  next: Pick<Instance, 'config' | 'devices' | 'profiles'>,
): Promise<void> {
  await perform(client, {
    method: 'PUT',
    path: pathOf(name),
    body: { ...rest, ...next },
    headers: { 'if-match': etag },
    limitMs: STATE_LIMIT_MS,
    what: `change ${name}`,
  })
}

/** Of a stopped instance. */
export async function renameInstance(client: IncusClient, from: InstanceName, to: InstanceName): Promise<Ended> {
  const what = `rename ${from} to ${to}`
  return perform(client, { method: 'POST', path: pathOf(from), body: { name: to }, limitMs: STATE_LIMIT_MS, what })
}

/** Puts a stopped or running instance back to a snapshot, its configuration too. The snapshot is not looked for before. */
export async function restoreInstance(client: IncusClient, name: InstanceName, snapshot: SnapshotName): Promise<Ended> {
  const what = `restore ${name} to ${snapshot}`
  return perform(client, {
    method: 'PUT',
    path: pathOf(name),
    body: { restore: snapshot },
    limitMs: CREATE_LIMIT_MS,
    what,
  })
}

/** With its snapshots. Gone already is fine; one that runs is refused with `incus-running`. */
export async function deleteInstance(client: IncusClient, name: InstanceName): Promise<void> {
  const what = `delete ${name}`
  await nullWhenAbsent(() => perform(client, { method: 'DELETE', path: pathOf(name), limitMs: STATE_LIMIT_MS, what }))
}

export function pathOf(name: InstanceName): string {
  return `/instances/${name}`
}

export async function nullWhenAbsent<T>(look: () => Promise<T>): Promise<T | null> {
  try {
    return await look()
  } catch (error) {
    if (isIncusError(error, 'incus-not-found')) return null
    throw error
  }
}

interface WireInstance {
  readonly name: string
  readonly status: string
  readonly config: Keys | null
  readonly devices: Devices | null
  readonly profiles: readonly string[] | null
  readonly created_at: string
  readonly last_used_at?: string
  readonly location: string
  readonly expanded_config: Keys | null
  readonly expanded_devices: Devices | null
  readonly architecture: string
  readonly description: string
  readonly ephemeral: boolean
}

function toInstance(wire: WireInstance): Instance {
  const { name, status, location } = wire
  return {
    name: name as InstanceName,
    status,
    // In a list, of an instance on a member that does not answer nothing else is known.
    config: wire.config ?? {},
    devices: wire.devices ?? {},
    profiles: wire.profiles ?? [],
    expanded: { config: wire.expanded_config ?? {}, devices: wire.expanded_devices ?? {} },
    createdAt: wire.created_at,
    startedAt: toTime(wire.last_used_at),
    location,
  }
}

/** Go's zero time, and the epoch of what was never started, stand for "never". */
function toTime(text: string | undefined): string | null {
  return text === undefined || /^(0001|1970)-/.test(text) ? null : text
}

interface WireState {
  readonly status: string
  readonly pid: number
  readonly started_at?: string
  readonly memory?: { readonly usage: number }
  readonly network: {
    readonly [device: string]: {
      readonly addresses: readonly { readonly family: string; readonly address: string; readonly scope: string }[]
    }
  } | null
}

function toState({ status, pid, started_at: startedAt, memory, network }: WireState): InstanceState {
  const addresses = Object.values(network ?? {}).flatMap((device) => device.addresses)
  return {
    status,
    pid,
    startedAt: toTime(startedAt),
    addresses: addresses.filter((one) => one.family === 'inet' && one.scope === 'global').map(({ address }) => address),
    memoryBytes: memory?.usage ?? 0,
  }
}
