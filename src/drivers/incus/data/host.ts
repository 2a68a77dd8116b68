import type { PostgresConfig } from '../../../config/types.ts'
import { BackflipError, refusal } from '../../../domain/errors.ts'
import type { DataServiceName, OperationId } from '../../../domain/ids.ts'
import type { Clock } from '../../../ports/clock.ts'
import type { IncusClient } from '../client.ts'
import { enterFence } from '../fence.ts'
import { getInstance, type SeenInstance } from '../instances.ts'
import type { InstanceName } from '../names.ts'
import { isOurs, notOurs, type Stamp } from './labels.ts'

/** What every part of the driver works with. */
export interface DataHost {
  readonly client: IncusClient
  readonly name: DataServiceName
  readonly kind: 'postgres' | 'files'
  /** Name of the live instance, whoever has it. */
  readonly live: InstanceName
  /** Null for `files`. */
  readonly postgres: PostgresConfig | null
  readonly clock: Clock
}

/** To be asked right before each effect. Error `fenced`. */
export type Check = () => Promise<void>

/** Null passes without a fence: what is made then is known to nobody else. */
export async function enter({ client, live }: DataHost, fencedBy: number | null): Promise<Check> {
  if (fencedBy === null) return async () => undefined
  return (await enterFence(client, `data_${live}`, fencedBy)).check
}

export function stampOf({ name, live, clock }: DataHost, operation: OperationId): Stamp {
  return { service: name, of: live, operation, since: clock.now() }
}

/** Null when there is none. Error `not-ours`. */
export async function findOurs({ client, live }: DataHost, name: InstanceName): Promise<SeenInstance | null> {
  const found = await getInstance(client, name)
  if (found !== null && !isOurs(found, live)) throw notOurs(name)
  return found
}

/** Error `no-instance`. */
export async function mustFindOurs(host: DataHost, name: InstanceName): Promise<SeenInstance> {
  const found = await findOurs(host, name)
  if (found !== null) return found
  throw new BackflipError(`there is no instance ${name} in the project ${host.client.project}`, {
    code: 'no-instance',
    kind: 'failed',
    hint: 'incus list --all-projects',
  })
}

export function noSuchSnapshot({ live }: DataHost, name: string): BackflipError {
  return refusal(`${live} has no snapshot ${name}`, { code: 'no-such-snapshot', hint: 'backflip snapshots list' })
}
