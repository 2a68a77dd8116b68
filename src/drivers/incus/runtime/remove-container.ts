import { isIncusError } from '../errors.ts'
import type { Entered } from '../fence.ts'
import { deleteInstance } from '../instances.ts'
import type { RuntimeContext } from './context.ts'
import { keepLog } from './kept-logs.ts'
import type { Owned } from './labels.ts'
import { sameNow, stopContainer } from './stop.ts'

/** Of something that Incus is at with it. */
const TRIES = 50
const PAUSE_MS = 200

/**
 * Ends it, keeps its log on this host, deletes it. Incus deletes nothing that runs: a late writer's order meets the next one's container running, and
 * is refused. (`security.protection.delete` would do more, and would keep a container whose disk is full for ever: to lift it, Incus writes there.)
 */
export async function removeContainer(context: RuntimeContext, entered: Entered, owned: Owned): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await removeOnce(context, entered, owned)
    } catch (error) {
      // Somebody who died may have begun a start that goes on without them.
      if (!isIncusError(error, 'incus-running', 'incus-locked')) throw error
      await entered.check()
      if (tries === TRIES) throw error
      await context.clock.sleep(PAUSE_MS)
    }
  }
}

async function removeOnce(context: RuntimeContext, entered: Entered, owned: Owned): Promise<void> {
  const now = await sameNow(context, owned)
  if (now === null) return
  await stopContainer(context, entered, now)
  await keepLog(context, now)
  if ((await sameNow(context, owned)) === null) return
  await entered.check()
  await deleteInstance(context.client, owned.instance.name)
}
