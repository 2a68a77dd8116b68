import { BackflipError } from '../../../domain/errors.ts'
import { parseSnapshotName } from '../../../domain/ids.ts'
import type { DataCopy, DataLook, DataSnapshot } from '../../../ports/data-service.ts'
import { checkAccess } from '../access.ts'
import { isIncusError } from '../errors.ts'
import { type Instance, listInstances } from '../instances.ts'
import type { DataHost } from './host.ts'
import { isOurs, LABEL, placeOf } from './labels.ts'
import { poolOf, roomIn } from './pool.ts'
import { listOwned } from './snapshot-owners.ts'
import { volumesOf } from './volumes.ts'

const LIMIT_MS = 5_000

/** `DataService.look`. */
export async function lookAtData(host: DataHost): Promise<DataLook> {
  const timer = new AbortController()
  try {
    return await Promise.race([look(host), late(timer.signal)])
  } catch (error) {
    if (isIncusError(error, 'incus-down', 'incus-lost', 'incus-timeout')) throw unknown(host, error)
    throw error
  } finally {
    timer.abort()
  }
}

function late(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const why = new BackflipError(`no answer within ${LIMIT_MS} ms`, { code: 'incus-timeout', kind: 'failed' })
    const timer = setTimeout(() => reject(why), LIMIT_MS)
    signal.addEventListener('abort', () => clearTimeout(timer))
  })
}

function unknown({ name, live }: DataHost, cause: BackflipError): BackflipError {
  return new BackflipError(`nobody can say how ${name} (${live}) is: Incus does not answer`, {
    code: 'data-unknown',
    kind: 'person',
    details: ['containers keep serving while the daemon is away'],
    hint: cause.hint,
    cause,
  })
}

async function look(host: DataHost): Promise<DataLook> {
  const { client, live: liveName } = host
  const all = (await listInstances(client)).filter((one) => isOurs(one, liveName))
  // A project that does not exist lists as empty.
  if (all.length === 0) await checkAccess(client)
  const live = all.find(({ name }) => name === liveName)
  const place = live === undefined ? null : placeOf(live)
  return {
    state: live === undefined ? 'absent' : stateOf(live),
    restoredBy: place?.role === 'live' ? place.operation : null,
    snapshots: await snapshotsOf(host, all),
    copies: all
      .flatMap((one) => (one.name === liveName ? [] : toCopy(one)))
      .toSorted((a, b) => a.since.localeCompare(b.since)),
    ...(await storageOf(host, live ?? all[0])),
  }
}

function stateOf({ status }: Instance): 'running' | 'stopped' {
  return status === 'Stopped' ? 'stopped' : 'running'
}

/** Half-made copies too: they have to be found to be taken away. */
function toCopy(instance: Instance): readonly DataCopy[] {
  const { role, operation } = placeOf(instance)
  if (operation === null) return []
  return [
    {
      name: instance.name,
      role: role === 'kept' || role === 'live' ? 'kept' : 'copy',
      operation,
      state: stateOf(instance),
      since: instance.config[LABEL.since] ?? instance.createdAt,
    },
  ]
}

async function snapshotsOf({ client }: DataHost, all: readonly Instance[]): Promise<readonly DataSnapshot[]> {
  const owned = await listOwned(client, all)
  return owned.map(({ owner, snapshot: { name, createdAt, expiresAt, sizeBytes } }) => ({
    name: parseSnapshotName(name),
    instance: owner,
    createdAt,
    expiresAt,
    sizeBytes,
  }))
}

type Storage = Pick<DataLook, 'isAtomic' | 'whyNotAtomic' | 'room' | 'reservations'>

async function storageOf(host: DataHost, instance: Instance | undefined): Promise<Storage> {
  if (instance === undefined)
    return { isAtomic: false, whyNotAtomic: `there is no ${host.live}`, room: null, reservations: [] }
  const pool = await poolOf(host.client, instance)
  const [room, volumes] = await Promise.all([roomIn(host.client, pool), volumesOf(host, instance)])
  const outside = volumes.filter(({ hasData }) => hasData)
  const why = [
    ...(pool.isAtomic ? [] : [`the pool ${pool.name} (${pool.driver}) copies files one after the other`]),
    ...outside.map(({ device, path }) => `data lies on the device ${device} at ${path}, which no snapshot has`),
  ]
  return {
    isAtomic: why.length === 0,
    whyNotAtomic: why.length === 0 ? null : why.join('; '),
    room,
    reservations: volumes.map(
      ({ device, path }) => `${path} (device ${device}) is in no snapshot, and a restore leaves it as it is`,
    ),
  }
}
