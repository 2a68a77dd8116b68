import type { Environment } from './environment.ts'
import { anchorOf } from './observe.ts'

/**
 * The generation of this operation, known to the edge and to the runtime before its first entry. Both must know: a runtime that hears of it only
 * with its first order would still obey a process that was stopped in the middle of emptying a color, after that color got the traffic.
 */
export async function takeFence(environment: Environment): Promise<number> {
  const { generation } = await environment.edge.fence({ anchor: await anchorOf(environment) })
  await environment.runtime.fence(generation)
  return generation
}
