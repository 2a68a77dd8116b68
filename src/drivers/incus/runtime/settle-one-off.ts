import { BackflipError } from '../../../domain/errors.ts'
import type { OneOffOutcome } from '../../../ports/runtime.ts'
import type { Entered } from '../fence.ts'
import { freeAddress } from './clear-one-offs.ts'
import type { RuntimeContext } from './context.ts'
import { innerPaths } from './files-in-container.ts'
import { oneOffContainer } from './names.ts'
import { lookInside, type OneOffAsk } from './one-off-state.ts'
import { readExit } from './service.ts'
import { stopContainer } from './stop.ts'

/** Beyond the time limit of the command: for the container to end it and to write how. */
const SLACK_MS = 30_000
/** From "go" to the command's claim. */
const BEGIN_MS = 60_000
/** Between two looks at the container itself; the note of the end is looked for more often. */
const LOOK_EVERY_MS = 2_000
const FIRST_PAUSE_MS = 20
const LONGEST_PAUSE_MS = 300

/** Waits until the command has ended, stops its container, and says how it ended. The container stays, as the memory of it. */
export async function settleOneOff(
  context: RuntimeContext,
  entered: Entered,
  ask: OneOffAsk & { readonly timeoutMs: number },
): Promise<OneOffOutcome> {
  const { clock } = context
  const begun = clock.monotonicMs()
  for (;;) {
    const look = await lookInside(context, ask)
    const tookMs = clock.monotonicMs() - begun
    if (look.at === 'absent' || (look.at === 'waiting' && tookMs > BEGIN_MS)) throw notBegun(context, ask)
    const isOver = tookMs > ask.timeoutMs + SLACK_MS
    if (look.at === 'begun' && (look.outcome.state !== 'running' || isOver)) {
      await stopContainer(context, entered, look.owned)
      await freeAddress(context, look.owned)
      return look.outcome.state === 'running' ? { ...look.outcome, state: 'unknown' } : look.outcome
    }
    await untilNoted(context, ask)
  }
}

/** Until there is a note of the end, or it is time to look at the container again. */
async function untilNoted(context: RuntimeContext, ask: OneOffAsk): Promise<void> {
  const { clock, config, owner } = context
  const [name, paths] = [oneOffContainer(owner, ask), innerPaths(config, ask.operation)]
  const end = clock.monotonicMs() + LOOK_EVERY_MS
  for (let pauseMs = FIRST_PAUSE_MS; clock.monotonicMs() < end; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    await clock.sleep(pauseMs)
    if ((await readExit(context, name, paths)) !== null) return
  }
}

function notBegun(context: RuntimeContext, ask: OneOffAsk): BackflipError {
  const name = oneOffContainer(context.owner, ask)
  return new BackflipError(`${name} did not begin its command`, {
    code: 'one-off-failed',
    kind: 'failed',
    hint: `nothing was run; look at it (incus console ${name} --show-log), then repeat the command`,
  })
}
