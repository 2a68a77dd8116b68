import type { Color } from '../../../domain/color.ts'
import type { ComponentName } from '../../../domain/ids.ts'
import { pullPart, pullSize } from '../files.ts'
import type { RuntimeContext } from './context.ts'
import { innerPaths } from './files-in-container.ts'
import type { Owned } from './labels.ts'
import { labelled, ownedOfComponent } from './logs.ts'
import { redactorOf } from './tail.ts'

const PART_BYTES = 256 * 1024
const FOLLOW_PAUSE_MS = 250

interface Followed {
  position: number
  rest: Buffer
}

/** Lines as they come, also of a container that is made meanwhile. What was there before is not repeated. */
export async function* followLines(
  context: RuntimeContext,
  ask: { readonly color: Color; readonly component: ComponentName; readonly signal: AbortSignal },
): AsyncIterable<string> {
  const { color, component, signal } = ask
  const followed = new Map<string, Followed>()
  for (let first = true; !signal.aborted; first = false) {
    const found = await ownedOfComponent(context, color, component)
    for (const owned of found) {
      for (const line of await addedLines(context, followed, owned, first)) yield labelled(owned, found.length)(line)
    }
    try {
      await context.clock.sleep(FOLLOW_PAUSE_MS, signal)
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }
}

async function addedLines(
  context: RuntimeContext,
  followed: Map<string, Followed>,
  { instance, labels }: Owned,
  isFirst: boolean,
): Promise<readonly string[]> {
  const paths = innerPaths(context.config, labels.operation)
  const key = `${instance.name} ${labels.operation}`
  const known = followed.get(key)
  const state = known ?? {
    position: isFirst ? await pullSize(context.client, instance.name, paths.log) : 0,
    rest: Buffer.alloc(0),
  }
  followed.set(key, state)
  const added = await pullPart(context.client, instance.name, paths.log, { from: state.position }, PART_BYTES)
  if (added === null || added.length === 0) return []
  state.position += added.length
  // Split as bytes: a letter may be cut in two by the end of a piece.
  const text = Buffer.concat([state.rest, added])
  const end = text.lastIndexOf(10)
  if (end === -1 && text.length < PART_BYTES) {
    state.rest = text
    return []
  }
  const whole = end === -1 ? text.length : end
  state.rest = Buffer.from(text.subarray(whole + 1))
  const redact = await redactorOf(context, instance.name, paths)
  return redact(text.toString('utf8', 0, whole)).split('\n')
}
