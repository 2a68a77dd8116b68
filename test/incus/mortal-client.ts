import type { IncusClient } from '../../src/drivers/incus/client.ts'
import type { Death } from '../contract/data-service.ts'

/**
 * A client whose process ends at its n-th call that changes something: before it is sent, or as soon as the daemon has taken it, when its operation
 * may still run.
 */
export function mortalClient(client: IncusClient, death: Death): IncusClient {
  let changes = 0
  const dead = () => new Error(`dead ${death.side} change ${death.at}`)
  return {
    ...client,
    async call(call) {
      if (death.reached) throw dead()
      if (call.method === 'GET') return client.call(call)
      changes += 1
      death.reached = changes === death.at
      if (death.reached && death.side === 'before') throw dead()
      const answer = await client.call(call)
      if (death.reached) throw dead()
      return answer
    },
  }
}
