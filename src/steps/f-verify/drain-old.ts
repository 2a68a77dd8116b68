import type { DrainParams } from '../../domain/plan/params.ts'
import { defineStep, type StepContext } from '../../engine/step.ts'
import type { EdgeRemains } from '../../ports/edge.ts'
import type { StepPorts } from '../ports.ts'

const LOOK_EVERY_MS = 250

/**
 * F: says what still hangs on the old color (a flip moves no open stream), and closes it after its time when the policy says so.
 * The release is good by now: whatever goes wrong here is reported and takes nothing back.
 */
export const drainOld = defineStep<StepPorts, DrainParams>({
  id: 'drain-old',
  limits: { attempts: 1, timeoutMs: 60 * 60_000 },
  async execute(params, context) {
    try {
      return { output: await drain(params, context), effects: [] }
    } catch (error) {
      context.signal.throwIfAborted()
      return {
        output: { remaining: null, closed: false, problem: error instanceof Error ? error.message : String(error) },
        effects: [],
      }
    }
  },
  undo: 'none',
})

async function drain(
  { color, policy, afterMs }: DrainParams,
  context: StepContext<StepPorts>,
): Promise<{ readonly remaining: number; readonly closed: boolean }> {
  const { edge, clock } = context.ports
  let remains: EdgeRemains = await edge.remains(color)
  if (policy === 'leave') return { remaining: remains.sessions, closed: false }
  const begun = clock.monotonicMs()
  while (remains.sessions > 0 && clock.monotonicMs() - begun < afterMs) {
    context.say(`${remains.sessions} sessions still on ${color}`)
    await clock.sleep(LOOK_EVERY_MS, context.signal)
    remains = await edge.remains(color)
  }
  if (remains.sessions > 0) await edge.closeSessions(color)
  return { remaining: remains.sessions, closed: remains.sessions > 0 }
}
