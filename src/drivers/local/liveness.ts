import { hostname } from 'node:os'
import { bootId, isSameProcess, processStart } from '../../lib/proc.ts'
import type { Liveness } from '../../ports/liveness.ts'

/** Proof by /proc: host, boot, pid and start time. Another host's processes cannot be seen from here. */
export function localLiveness(): Liveness {
  return {
    async self(actor) {
      const { pid } = process
      return { actor, host: hostname(), pid, processStart: processStart(pid) ?? '', bootId: bootId() }
    },
    async check(holder) {
      if (holder.host !== hostname()) return 'unknown'
      if (holder.bootId !== bootId()) return 'dead'
      return isSameProcess(holder.pid, holder.processStart) ? 'alive' : 'dead'
    },
  }
}
