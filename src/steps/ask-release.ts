import type { Color } from '../domain/color.ts'
import { BackflipError } from '../domain/errors.ts'
import type { Sha } from '../domain/ids.ts'
import type { PublicQuestion } from '../domain/plan/params.ts'
import type { StepContext } from '../engine/step.ts'
import type { StepPorts } from './ports.ts'

const PAUSE_MS = 50

export interface AskRelease {
  readonly color: Color
  readonly sha: Sha
  readonly questions: readonly PublicQuestion[]
  readonly limitMs: number
  /** Reach the standby color instead of the live one. */
  readonly preview: boolean
}

/**
 * Every component, asked through the edge, answers with that SHA itself (I4). The first wrong answer fails, unless `limitMs` gives time
 * for the edge's own health checks to see the color.
 */
export async function askRelease(
  ask: AskRelease,
  context: StepContext<StepPorts>,
): Promise<{ readonly tookMs: number }> {
  const { edge, probe, clock } = context.ports
  const address = await edge.address()
  const begun = clock.monotonicMs()
  await Promise.all(
    ask.questions.map(async ({ component, host, health }) => {
      const headers = {
        ...(host === null ? {} : { host }),
        ...(ask.preview ? { [address.preview.header]: address.preview.token } : {}),
      }
      for (;;) {
        context.signal.throwIfAborted()
        const answer = await probe.ask({ url: address.url, health, expect: ask.sha, headers })
        if (answer.good) return
        if (clock.monotonicMs() - begun >= ask.limitMs) {
          throw new BackflipError(
            `${component} does not answer as ${ask.sha.slice(0, 12)} through the edge: ${answer.problem ?? 'no answer'}`,
            {
              code: 'public-probe-failed',
              kind: 'failed',
              details: [
                `GET ${address.url}${health.path}: status ${answer.status ?? 'none'}, release ${answer.sha ?? 'none'}`,
              ],
              hint: `backflip logs ${component} --color ${ask.color}`,
            },
          )
        }
        await clock.sleep(PAUSE_MS, context.signal)
      }
    }),
  )
  return { tookMs: Math.round(clock.monotonicMs() - begun) }
}
