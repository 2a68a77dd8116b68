import { BackflipError } from '../../domain/errors.ts'
import type { BakeParams } from '../../domain/plan/params.ts'
import { defineStep, type StepContext } from '../../engine/step.ts'
import type { EdgeCounters } from '../../ports/edge.ts'
import { askRelease } from '../ask-release.ts'
import type { StepPorts } from '../ports.ts'

const PROBE_GRACE_MS = 500

/**
 * F: the edge's own counters of the color, against what is allowed. With too few requests to judge it says so, and the probe decides.
 * Fails at the first look at which the rate is too high and enough requests were counted: nobody waits for the end of the bake.
 */
export const bakeRelease = defineStep<StepPorts, BakeParams>({
  id: 'bake-release',
  limits: { attempts: 1, timeoutMs: 24 * 60 * 60_000 },
  async execute(ask, context) {
    const { clock, edge } = context.ports
    const begun = clock.monotonicMs()
    let before = await edge.counters(ask.color)
    let seen: Seen = { requests: 0, serverErrors: 0 }
    for (;;) {
      const leftMs = ask.bakeMs - (clock.monotonicMs() - begun)
      if (leftMs <= 0) break
      await clock.sleep(Math.min(ask.intervalMs, leftMs), context.signal)
      const now = await edge.counters(ask.color)
      seen = add(seen, before, now)
      before = now
      judge(ask, seen)
      context.say(`${seen.requests} requests, ${seen.serverErrors} server errors`)
    }
    await askRelease(
      { color: ask.color, sha: ask.sha, questions: ask.questions, limitMs: PROBE_GRACE_MS, preview: false },
      context,
    )
    return { output: { ...seen, verdict: verdict(ask, seen, context) }, effects: [] }
  },
  undo: 'none',
})

type Seen = { readonly requests: number; readonly serverErrors: number }

/** Counters start again with a new worker: what it has counted since is all new. */
function add(seen: Seen, before: EdgeCounters, now: EdgeCounters): Seen {
  const same = before.worker === now.worker && now.requests >= before.requests
  return {
    requests: seen.requests + now.requests - (same ? before.requests : 0),
    serverErrors: seen.serverErrors + now.serverErrors - (same ? before.serverErrors : 0),
  }
}

function judge({ minRequests, maxErrorRate, color }: BakeParams, { requests, serverErrors }: Seen): void {
  if (requests < minRequests || serverErrors / requests <= maxErrorRate) return
  throw new BackflipError(
    `${serverErrors} of ${requests} answers of ${color} were server errors: more than ${Number((maxErrorRate * 100).toPrecision(3))} %`,
    {
      code: 'too-many-errors',
      kind: 'failed',
      details: ['counted by the edge since the bake began'],
    },
  )
}

function verdict({ minRequests }: BakeParams, { requests }: Seen, { say }: StepContext<StepPorts>): string {
  if (requests >= minRequests) return 'the error rate is within its bound'
  const text = `not enough traffic to judge (${requests} of ${minRequests} requests): the probe decided`
  say(text)
  return text
}
