import { allOf } from '../../../lib/all-of.ts'
import type { Entered } from '../fence.ts'
import { pruneOneOffs } from './clear-one-offs.ts'
import type { RuntimeContext } from './context.ts'
import { pruneLogs } from './kept-logs.ts'
import type { Owned } from './labels.ts'
import { ownedOfColor } from './list.ts'
import { removeContainer } from './remove-container.ts'
import type { ColorAsk } from './stop.ts'

/** Ends a color's containers and deletes them. Their logs stay on this host. */
export async function removeColor(context: RuntimeContext, { color, operation, fencedBy }: ColorAsk): Promise<void> {
  const entered = await context.enter(fencedBy)
  await removeContainers(context, entered, await ownedOfColor(context, color, operation))
  if (operation === undefined) await pruneOneOffs(context, entered)
  pruneLogs(context)
}

export async function removeContainers(
  context: RuntimeContext,
  entered: Entered,
  found: readonly Owned[],
): Promise<void> {
  await allOf(found.map((owned) => removeContainer(context, entered, owned)))
}
