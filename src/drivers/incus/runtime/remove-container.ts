import { isIncusError } from '../errors.ts'
import { deleteInstance, getInstance, patchInstance } from '../instances.ts'
import type { RuntimeContext } from './context.ts'
import { PROTECTION } from './create.ts'
import type { Entered } from './fence.ts'
import { keepLog } from './kept-logs.ts'
import { type Owned, readLabels } from './labels.ts'
import { stopContainer } from './stop.ts'

/** Ends it, keeps its log on this host, deletes it. */
export async function removeContainer(context: RuntimeContext, entered: Entered, owned: Owned): Promise<void> {
  await stopContainer(context, entered, owned)
  await keepLog(context, owned)
  await destroy(context, entered, owned)
}

/**
 * Takes the protection away from exactly the container that was seen, then deletes it. A writer that is overtaken between the two finds the next one's
 * container protected: Incus refuses.
 */
async function destroy(
  { client, owner }: RuntimeContext,
  entered: Entered,
  { instance, labels }: Owned,
): Promise<void> {
  const { name } = instance
  const now = await getInstance(client, name)
  if (now === null || readLabels(owner, now)?.labels.operation !== labels.operation) return
  await entered.check()
  try {
    await patchInstance(client, name, { config: { [PROTECTION]: 'false' } }, now.etag)
    await deleteInstance(client, name)
  } catch (error) {
    if (isIncusError(error, 'incus-changed', 'incus-protected', 'incus-running')) await entered.check()
    throw error
  }
}
