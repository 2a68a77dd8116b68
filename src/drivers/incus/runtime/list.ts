import type { Color } from '../../../domain/color.ts'
import { type BackflipError, refusal } from '../../../domain/errors.ts'
import type { OperationId } from '../../../domain/ids.ts'
import type { Instance } from '../../../ports/runtime.ts'
import { listInstances } from '../instances.ts'
import type { RuntimeContext } from './context.ts'
import { type Owned, ownerKeys, readLabels } from './labels.ts'

/** What `list` promises, with a little left for everything else. */
const LOOK_MS = 1_900

/** Containers of ours, one-offs too, in one call. */
export async function findOwned(
  context: Pick<RuntimeContext, 'client' | 'owner'>,
  ask = {},
): Promise<readonly Owned[]> {
  const { client, owner } = context
  const found = await listInstances(client, ownerKeys(owner), ask)
  return found.flatMap((instance) => readLabels(owner, instance) ?? [])
}

export async function ownedOfColor(
  context: RuntimeContext,
  color: Color,
  operation?: OperationId,
): Promise<readonly Owned[]> {
  const found = await findOwned(context)
  return found
    .filter(({ labels }) => labels.oneOff === null && labels.color === color)
    .filter(({ labels }) => operation === undefined || labels.operation === operation)
    .toSorted((a, b) => a.labels.nth - b.labels.nth || (a.instance.name < b.instance.name ? -1 : 1))
}

/** What Incus says, without a word to the containers. */
export async function listColors(context: RuntimeContext): Promise<readonly Instance[]> {
  const found = await findOwned(context, { timeoutMs: LOOK_MS })
  return found.flatMap((owned) => toInstance(owned) ?? [])
}

/** Null for a one-off. */
export function toInstance({ instance, labels, phase, exit, stoppedAt }: Owned): Instance | null {
  const { component, color, sha, operation, host, port } = labels
  if (color === null) return null
  const state = stateOf(instance.status, phase)
  return {
    name: instance.name,
    component,
    color,
    sha,
    operation,
    address: { name: instance.name, host, port },
    state,
    since: state === 'running' ? instance.startedAt : state === 'stopped' ? stoppedAt : null,
    // Incus knows the time of day only, and on the clock of its own host.
    beganMs: null,
    exit: state === 'stopped' ? (exit ?? (instance.status === 'Frozen' ? 'frozen' : null)) : null,
  }
}

/**
 * A container that runs and whose service was never told to is stopped for whoever asks. `Error` is a member of the cluster that does not answer: its
 * containers may well serve (research/incus.md §9.2).
 */
function stateOf(status: string, phase: Owned['phase']): Instance['state'] {
  if (status === 'Running') return phase === 'started' ? 'running' : 'stopped'
  return status === 'Stopped' || status === 'Frozen' ? 'stopped' : 'unknown'
}

/** Also guards the live color (I2): a color holds one release, the one of who was there first. */
export function refuseOthers(found: readonly Owned[], color: Color, operation: OperationId): void {
  const others = found.filter((owned) => owned.labels.operation !== operation && mayServe(owned))
  if (others.length > 0) throw colorInUse(color, others)
}

function mayServe(owned: Owned): boolean {
  return owned.phase === 'started' && stateOf(owned.instance.status, owned.phase) !== 'stopped'
}

function colorInUse(color: Color, others: readonly Owned[]): BackflipError {
  return refusal(`${color} is in use by another operation's containers`, {
    code: 'color-in-use',
    details: others.map(
      ({ instance, labels }) => `${instance.name} is ${instance.status}, started by ${labels.operation}`,
    ),
    hint: `backflip cleanup --color ${color}`,
  })
}
