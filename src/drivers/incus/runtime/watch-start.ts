import { accepts } from '../../../lib/accepts.ts'
import type { InstanceName } from '../names.ts'
import type { RuntimeContext } from './context.ts'
import type { ExitNote, InnerPaths } from './files-in-container.ts'
import { readExit } from './service.ts'

const PAUSE_MS = 50

/**
 * Watches a start: null as soon as the port takes a connection or the time is over, else how the service ended. It says nothing about health: it is
 * there so that a wrong command is told with its own words at once. Where this host does not reach containers, the time decides.
 */
export async function watchStart(
  context: RuntimeContext,
  instance: InstanceName,
  paths: InnerPaths,
  address: { readonly host: string; readonly port: number },
): Promise<ExitNote | null> {
  const { clock, graceMs } = context
  const end = clock.monotonicMs() + graceMs
  for (;;) {
    const isListening = await Promise.race([accepts(address), clock.sleep(PAUSE_MS).then(() => false)])
    const ended = await readExit(context, instance, paths)
    if (ended !== null || isListening || clock.monotonicMs() >= end) return ended
    await clock.sleep(PAUSE_MS)
  }
}
