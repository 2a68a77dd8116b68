import type { Color } from '../../../domain/color.ts'
import { BackflipError, refusal } from '../../../domain/errors.ts'
import type { OperationId } from '../../../domain/ids.ts'
import type { Instance, ListedInstance, UnseenInstance } from '../../../ports/runtime.ts'
import { type Instance as IncusInstance, listInstances } from '../instances.ts'
import type { RuntimeContext } from './context.ts'
import { type Owned, readLabels } from './labels.ts'
import { readContainerName } from './names.ts'

/** What `list` promises, with a little left for everything else. */
const LOOK_MS = 1_900

export interface Survey {
  readonly owned: readonly Owned[]
  /** On a member of the cluster that does not answer. */
  readonly unseen: readonly UnseenInstance[]
}

/**
 * Everything of ours in one call, one-offs too. Not by a filter of Incus': of a container on a member that is dead it knows the name and nothing else,
 * so a filter for labels would leave it out without a word.
 */
export async function survey(context: RuntimeContext, ask: { readonly timeoutMs?: number } = {}): Promise<Survey> {
  const { client, config, owner } = context
  const found = await listInstances(client, {}, ask)
  const isSeen = ({ status }: IncusInstance) => status !== 'Error'
  return {
    owned: found.filter(isSeen).flatMap((instance) => readLabels(owner, instance) ?? []),
    unseen: found
      .filter((instance) => !isSeen(instance))
      .flatMap(({ name }) => {
        const read = readContainerName(config, owner, name)
        return read === null ? [] : [{ ...read, name, state: 'unknown' as const }]
      }),
  }
}

/** Those of a color, for who changes it. Error `member-down` when there are some that nobody can see: they may serve, and cannot be ordered. */
export async function ownedOfColor(
  context: RuntimeContext,
  color: Color,
  operation?: OperationId,
): Promise<readonly Owned[]> {
  const { owned, unseen } = await survey(context)
  const hidden = unseen.filter((one) => one.color === color)
  if (hidden.length > 0) throw memberDown(color, hidden)
  return ofColor(owned, color).filter(({ labels }) => operation === undefined || labels.operation === operation)
}

export function ofColor(owned: readonly Owned[], color: Color): readonly Owned[] {
  return owned
    .filter(({ labels }) => labels.oneOff === null && labels.color === color)
    .toSorted((a, b) => a.labels.nth - b.labels.nth || (a.instance.name < b.instance.name ? -1 : 1))
}

/** What Incus says, without a word to the containers. */
export async function listColors(context: RuntimeContext): Promise<readonly ListedInstance[]> {
  const { owned, unseen } = await survey(context, { timeoutMs: LOOK_MS })
  return [...owned.flatMap((one) => toInstance(one) ?? []), ...unseen]
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
    since: state === 'running' ? instance.startedAt : stoppedAt,
    // Incus knows the time of day only, and on the clock of its own host.
    beganMs: null,
    exit: state === 'stopped' ? (exit ?? (instance.status === 'Frozen' ? 'frozen' : null)) : null,
  }
}

/** A container that runs and whose service was never told to is stopped for whoever asks. */
function stateOf(status: string, phase: Owned['phase']): Instance['state'] {
  return status === 'Running' && phase === 'started' ? 'running' : 'stopped'
}

/** Also guards the live color (I2): a color holds one release, the one of who was there first. */
export function refuseOthers(found: readonly Owned[], color: Color, operation: OperationId): void {
  const others = found.filter(
    ({ instance, labels, phase }) => labels.operation !== operation && stateOf(instance.status, phase) === 'running',
  )
  if (others.length > 0) throw colorInUse(color, others)
}

function memberDown(color: Color, hidden: readonly UnseenInstance[]): BackflipError {
  return new BackflipError(`containers of ${color} are on a member of the cluster that does not answer`, {
    code: 'member-down',
    kind: 'failed',
    details: hidden.map(({ name }) => `${name} may still serve`),
    hint: 'incus cluster list; bring the member back, or take it out with all that it has: incus cluster remove MEMBER --force',
  })
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
