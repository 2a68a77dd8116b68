import { BackflipError } from '../../domain/errors.ts'
import type { ComponentName } from '../../domain/ids.ts'
import type { CheckParams } from '../../domain/plan/params.ts'
import { defineStep, type StepContext } from '../../engine/step.ts'
import type { StepPorts } from '../ports.ts'

const LOG_LINES = 10

/**
 * D: every instance answers well in place, N times in a row, with the right SHA. One that gave a good answer and then a bad one flaps,
 * and fails; one whose process is gone cannot become healthy any more, and fails at once (research/field.md §4.2, 37 and 40).
 */
export const checkInstances = defineStep<StepPorts, CheckParams>({
  id: 'check-instances',
  limits: { attempts: 1, timeoutMs: 60 * 60_000 },
  async execute(ask, context) {
    // One that fails ends the waiting of the others.
    const others = new AbortController()
    const signal = AbortSignal.any([context.signal, others.signal])
    const checks = ask.instances.map((instance) => checkOne(ask, instance, { ...context, signal }))
    try {
      const asked = await Promise.all(checks)
      return { output: { answers: asked.reduce((sum, one) => sum + one, 0) }, effects: [] }
    } catch (error) {
      others.abort(error)
      await Promise.allSettled(checks)
      throw error
    }
  },
  undo: 'none',
})

type InstanceToCheck = CheckParams['instances'][number]

async function checkOne(ask: CheckParams, instance: InstanceToCheck, context: StepContext<StepPorts>): Promise<number> {
  const { clock, probe } = context.ports
  const deadlineMs = clock.monotonicMs() + ask.limitMs
  let inARow = 0
  for (let asked = 1; ; asked += 1) {
    context.signal.throwIfAborted()
    const answer = await probe.ask({ url: instance.url, health: instance.health, expect: ask.sha })
    if (answer.good) inARow += 1
    else await refuseHopeless(ask, instance, answer.problem ?? 'no answer', inARow, context)
    if (inARow >= ask.consecutive) return asked
    if (clock.monotonicMs() >= deadlineMs) {
      throw await unhealthy(
        ask,
        instance,
        `not healthy within ${ask.limitMs} ms: ${answer.problem ?? `only ${inARow} good answers in a row`}`,
        context,
      )
    }
    context.say(
      `${instance.name}: ${answer.good ? `${inARow} of ${ask.consecutive}` : (answer.problem ?? 'no answer')}`,
    )
    await clock.sleep(ask.intervalMs, context.signal)
  }
}

async function refuseHopeless(
  ask: CheckParams,
  instance: InstanceToCheck,
  problem: string,
  inARow: number,
  context: StepContext<StepPorts>,
): Promise<void> {
  if (inARow > 0) throw await unhealthy(ask, instance, `flaps: ${inARow} good answers, then: ${problem}`, context)
  const listed = await context.ports.runtime.list().catch(ignoreUnseen)
  if (listed === null) return
  const found = listed.find(({ name }) => name === instance.name)
  if (found === undefined || found.state === 'stopped') {
    throw await unhealthy(ask, instance, `is not running${found?.exit == null ? '' : ` (${found.exit})`}`, context)
  }
}

/** What nobody can look at may still become healthy: its own answers decide, and the time limit. */
function ignoreUnseen(error: unknown): null {
  if (error instanceof BackflipError) return null
  throw error
}

async function unhealthy(
  ask: CheckParams,
  instance: InstanceToCheck,
  problem: string,
  { ports }: StepContext<StepPorts>,
): Promise<BackflipError> {
  const lines = await lastLines(ports, ask, instance.component)
  return new BackflipError(`${instance.name} ${problem}`, {
    code: 'unhealthy',
    kind: 'failed',
    details:
      lines.length === 0 ? ['its log is empty'] : [`last lines of its log:`, ...lines.map((line) => `  ${line}`)],
    hint: `backflip logs ${instance.component} --color ${ask.color}`,
  })
}

async function lastLines(
  { runtime }: StepPorts,
  { color }: CheckParams,
  component: ComponentName,
): Promise<readonly string[]> {
  try {
    return await runtime.lastLines({ color, component, lines: LOG_LINES })
  } catch (error) {
    // The log is a help, not the point: its failure must not hide what is wrong with the instance.
    return [`(its log cannot be read: ${error instanceof Error ? error.message : String(error)})`]
  }
}
