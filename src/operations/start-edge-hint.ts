import type { EnvironmentConfig } from '../config/types.ts'

/** What to type when the edge does not run: ours is started by us, an operator's by whoever runs it; `up` tells what of it is missing. */
export function startEdgeHint({ edge, edgeTransport }: Pick<EnvironmentConfig, 'edge' | 'edgeTransport'>): string {
  if (edge.mode === 'managed') return 'backflip up'
  if (edgeTransport.driver === 'local')
    return 'start HAProxy, when it does not run, by the service manager it belongs to; then: backflip up'
  return `incus start ${edgeTransport.instance}, when it is stopped; else start HAProxy in it, when it does not run; then: backflip up`
}
