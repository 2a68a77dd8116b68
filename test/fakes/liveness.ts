import type { Holder } from '../../src/domain/journal.ts'
import type { Liveness } from '../../src/ports/liveness.ts'
import type { Operator } from './operator.ts'
import type { World } from './world.ts'

/** A host sees its own processes. A stopped one lives; another host's cannot be seen. */
export function fakeLiveness(world: World, operator: Operator): Liveness {
  return {
    self: async (actor): Promise<Holder> => ({ ...operator.holder, actor }),
    check: (holder) =>
      world.call(operator, 'liveness.check', () => {
        if (holder.host !== operator.host) return 'unknown'
        const found = world.operators.find(({ pid }) => pid === holder.pid)
        return found === undefined || found.dead || found.finished ? 'dead' : 'alive'
      }),
  }
}
