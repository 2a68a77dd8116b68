import { refusal } from '../../../domain/errors.ts'
import { type OperationId, parseOperationId } from '../../../domain/ids.ts'
import type { Instance, Keys } from '../instances.ts'
import type { InstanceName } from '../names.ts'
import type { Place, Role } from './plan-swap.ts'

export const PREFIX = 'user.backflip.'

/**
 * What we write on instances. A snapshot has the labels of its moment and a copy would inherit them, so each is said again there.
 *
 * - `uuid`        Incus' own id of the instance, `volatile.uuid`: somebody's copy of ours has our labels, but another id
 * - `stoppedFor`  the snapshot that it was stopped for, until it is started again
 * - `left` `before`  what leaving and taking the seat replaced (seat.ts)
 * - `returning`  half way back to the seat that it had left
 */
export const LABEL = {
  role: `${PREFIX}role`,
  service: `${PREFIX}service`,
  operation: `${PREFIX}operation`,
  of: `${PREFIX}of`,
  since: `${PREFIX}since`,
  uuid: `${PREFIX}uuid`,
  stoppedFor: `${PREFIX}stopped-for`,
  left: `${PREFIX}left`,
  before: `${PREFIX}before`,
  returning: `${PREFIX}returning`,
} as const

/** A copy whose making did not come to its end. */
export const MAKING = 'making'

/** Anybody may write labels. */
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const ROLES: readonly string[] = ['live', 'copy', 'kept'] satisfies readonly Role[]

/** What becomes of an instance now, by whom, and when (ISO 8601, UTC). */
export interface Stamp {
  readonly service: string
  readonly of: InstanceName
  readonly operation: OperationId
  readonly since: string
}

export function stampKeys({ service, of, operation, since }: Stamp, role: Role | typeof MAKING): Keys {
  return {
    [LABEL.role]: role,
    [LABEL.service]: service,
    [LABEL.of]: of,
    [LABEL.operation]: operation,
    [LABEL.since]: since,
  }
}

export function placeOf({ config }: Pick<Instance, 'config'>): Omit<Place, 'isSeated'> {
  const role = config[LABEL.role] ?? ''
  const operation = config[LABEL.operation] ?? ''
  return {
    role: ROLES.includes(role) ? (role as Role) : null,
    operation: UUID.test(operation) ? parseOperationId(operation) : null,
  }
}

/** Made by us for this live instance, and not somebody's copy of such a one. The live one itself is ours by its name. */
export function isOurs({ name, config }: Pick<Instance, 'name' | 'config'>, live: InstanceName): boolean {
  if (name === live) return true
  if (config[LABEL.of] !== live) return false
  // A half-made copy does not know its id yet.
  return config[LABEL.role] === MAKING || config[LABEL.uuid] === config['volatile.uuid']
}

export function notOurs(name: string, details: readonly string[] = []): Error {
  return refusal(`${name} was not made by us for this, so it is left alone`, {
    code: 'not-ours',
    details,
    hint: `incus config show ${name}`,
  })
}
