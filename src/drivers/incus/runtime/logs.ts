import type { Color } from '../../../domain/color.ts'
import type { ComponentName } from '../../../domain/ids.ts'
import type { RuntimeContext } from './context.ts'
import { innerPaths } from './files-in-container.ts'
import { keptLines } from './kept-logs.ts'
import type { Owned } from './labels.ts'
import { ofColor, survey } from './list.ts'
import { tailOf } from './tail.ts'

const MAX_LINES = 10_000

/** With more than one instance each line says whose it is, and each instance gets its share of the lines. */
export async function lastLines(
  context: RuntimeContext,
  { color, component, lines }: { readonly color: Color; readonly component: ComponentName; readonly lines: number },
): Promise<readonly string[]> {
  const wanted = Math.min(Math.max(0, lines), MAX_LINES)
  const found = await ownedOfComponent(context, color, component)
  if (found.length === 0) return keptLines(context, color, component, wanted)
  const share = Math.floor(wanted / found.length)
  const tails = await Promise.all(
    found.map(async (owned) => (await tail(context, owned, share)).map(labelled(owned, found.length))),
  )
  return tails.flat()
}

export async function ownedOfComponent(context: RuntimeContext, color: Color, component: ComponentName) {
  return ofColor((await survey(context)).owned, color).filter(({ labels }) => labels.component === component)
}

function tail(context: RuntimeContext, { instance, labels }: Owned, lines: number): Promise<readonly string[]> {
  return tailOf(context, instance.name, innerPaths(context.config, labels.operation), lines)
}

export function labelled({ instance }: Owned, count: number): (line: string) => string {
  return (line) => (count > 1 ? `${instance.name} | ${line}` : line)
}
