import type { Color } from '../../../domain/color.ts'
import type { OperationId } from '../../../domain/ids.ts'
import { allOf } from '../../../lib/all-of.ts'
import { isIncusError } from '../errors.ts'
import type { Entered } from '../fence.ts'
import { changeState, getInstance, patchInstance } from '../instances.ts'
import type { InstanceName } from '../names.ts'
import type { RuntimeContext } from './context.ts'
import { innerPaths } from './files-in-container.ts'
import { endKeys, type Owned, readLabels } from './labels.ts'
import { ownedOfColor } from './list.ts'
import { stopService } from './service.ts'

export interface ColorAsk {
  readonly color: Color
  readonly operation?: OperationId
  readonly fencedBy: number
}

/** Ends what runs of a color, all at once; containers, files and logs stay. */
export async function stopColor(context: RuntimeContext, { color, operation, fencedBy }: ColorAsk): Promise<void> {
  const entered = await context.enter(fencedBy)
  const found = await ownedOfColor(context, color, operation)
  await allOf(found.map((owned) => stopContainer(context, entered, owned)))
}

/** The service first, by TERM and in its own time; then the container, at once: nothing is left in it that would need more. */
export async function stopContainer(context: RuntimeContext, entered: Entered, owned: Owned): Promise<void> {
  const { client, config } = context
  const { instance, labels, phase } = owned
  const { name, status } = instance
  if (status === 'Stopped') return
  await entered.check()
  const paths = innerPaths(config, labels.operation)
  const isService = phase === 'started' && labels.oneOff === null && status === 'Running'
  const wasKilled =
    isService &&
    (await stopService(context, name, paths, labels.stopTimeoutMs).catch((error: unknown) => unheard(error)))
  await entered.check()
  if ((await sameNow(context, owned)) === null) return
  await changeState(client, name, 'stop', { force: true }).catch((error: unknown) => {
    if (!isIncusError(error, 'incus-stopped', 'incus-not-found')) throw error
  })
  if (isService) await note(context, name, wasKilled ? 'SIGKILL' : null)
}

/** How it ended, and when. On a full disk that is not worth a failure: it is stopped, and Incus says so. */
async function note({ client, clock }: RuntimeContext, name: InstanceName, exit: string | null): Promise<void> {
  await patchInstance(client, name, { config: endKeys(exit, clock.now()) }).catch((error: unknown) => {
    if (!isIncusError(error, 'incus-pool-full', 'incus-not-found')) throw error
  })
}

/** A container that takes no command any more is ended all the same. A daemon that does not answer is not a reason to go on. */
function unheard(error: unknown): true {
  if (isIncusError(error, 'incus-down', 'incus-lost', 'incus-no-right')) throw error
  return true
}

/** As it is now; null when it is gone, or another one of the same name was made since. Asked right before what cannot be taken back. */
export async function sameNow({ client, owner }: RuntimeContext, { instance, labels }: Owned): Promise<Owned | null> {
  const now = await getInstance(client, instance.name)
  const seen = now === null ? null : readLabels(owner, now)
  const isSame = seen?.labels.operation === labels.operation && seen.instance.createdAt === instance.createdAt
  return isSame ? seen : null
}
