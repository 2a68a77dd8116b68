import type { Color } from '../../domain/color.ts'
import type { OperationId, Sha } from '../../domain/ids.ts'
import { writeFenced } from './file-fence.ts'
import type { Host } from './host.ts'
import { readText } from './host.ts'

const MAX_LINES = 1_000

export interface ActiveRecord {
  readonly at: string
  readonly color: Color | 'none'
  readonly sha: Sha | null
  readonly operation: OperationId
  readonly fencedBy: number
}

/** `active-color`: one word. `active-color.history`: newest first, `time color SHA operation`. A repeat adds no second line. */
export async function recordActive(host: Host, { at, color, sha, operation, fencedBy }: ActiveRecord): Promise<void> {
  const { activeColor, activeColorHistory } = host.layout
  const lines = ((await readText(host, activeColorHistory)) ?? '').split('\n').filter((line) => line !== '')
  const [, lastColor, , lastOperation] = lines[0]?.split(' ') ?? []
  const isRepeat = lastColor === color && lastOperation === operation
  const all = isRepeat ? lines : [`${at} ${color} ${sha ?? '-'} ${operation}`, ...lines].slice(0, MAX_LINES)
  await Promise.all([
    isRepeat ? null : writeFenced(host, fencedBy, activeColorHistory, `${all.join('\n')}\n`),
    writeFenced(host, fencedBy, activeColor, `${color}\n`),
  ])
}
