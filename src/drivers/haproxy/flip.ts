import { COLORS, type Color } from '../../domain/color.ts'
import { type EdgeState, formatEdgeState } from '../../domain/edge-state.ts'
import { BackflipError } from '../../domain/errors.ts'
import type { FlipAsk, FlipReport } from '../../ports/edge.ts'
import type { ControlAnswer } from './control.ts'
import { fenced, writeFenced } from './file-fence.ts'
import type { Host } from './host.ts'
import { ask } from './look.ts'
import { isSocketError, showProcesses } from './master.ts'
import { formatStateFile } from './state-file.ts'
import { tell } from './tell.ts'

const OLD_WORKER_MS = 500
/** A reload of somebody else's. */
const SETTLE_MS = 2_000
const PAUSE_MS = 5

/**
 * File first, memory second, then the master is asked (research/haproxy.md §10). Refused before anything is written when the target cannot
 * take traffic, and refused again by HAProxy at the instant of the switch.
 */
export async function flip(host: Host, request: FlipAsk): Promise<FlipReport> {
  const { layout } = host
  const state: EdgeState = {
    live: request.to,
    candidate: request.candidate ?? null,
    share: request.share ?? 0,
    generation: request.fencedBy,
  }
  const before = await askCurrent(host, state)
  if (before?.state == null)
    throw new BackflipError('the edge does not run, so it cannot be switched', {
      code: 'edge-down',
      kind: 'failed',
      hint: 'backflip up',
    })
  if (before.state.generation > request.fencedBy) throw fenced(request.fencedBy, layout)
  assertUp(before, state)
  const text = formatStateFile(layout.key, { state, anchor: request.anchor })
  await writeFenced(host, request.fencedBy, layout.stateMap, text)
  try {
    const { answer, tries, oldWorkers } = await tell(
      host,
      request.fencedBy,
      { path: '/flip', headers: flipHeaders(state) },
      (one) => isState(one, state),
    )
    await tellOldWorkers(host, state, oldWorkers)
    return { state, worker: answer.worker, tries }
  } catch (error) {
    // A server died between the look and the switch: memory serves what it served, and the file must say so again.
    if (error instanceof BackflipError && error.code === 'no-server') {
      const unchanged = { ...before.state, generation: request.fencedBy }
      await writeFenced(
        host,
        request.fencedBy,
        layout.stateMap,
        formatStateFile(layout.key, { state: unchanged, anchor: request.anchor }),
      )
    }
    throw error
  }
}

/**
 * A worker that a reload left behind answers one more request on each idle connection it has (`idle-close-on-response`), by its own memory.
 * It is told as well, as far as it still listens: it leaves anyway, and nothing depends on it.
 */
async function tellOldWorkers(
  { transport, layout }: Host,
  state: EdgeState,
  workers: readonly number[],
): Promise<void> {
  for (const worker of workers) {
    const line = `@!${worker} set map ${layout.stateMap} ${layout.key} ${formatEdgeState(state)}\n`
    await transport.askSocket(layout.masterSocket, line, { timeoutMs: OLD_WORKER_MS }).catch(ignoreGone)
  }
}

function ignoreGone(error: unknown): void {
  if (!isSocketError(error)) throw error
}

function flipHeaders(state: EdgeState): { readonly [name: string]: string } {
  const traffic = formatEdgeState(state).split(':').slice(0, 3).join(':')
  return { 'x-generation': String(state.generation), 'x-state': traffic, 'x-live': state.live }
}

function isState({ state }: ControlAnswer, wanted: EdgeState): boolean {
  return state !== null && formatEdgeState(state) === formatEdgeState(wanted)
}

function canServe({ servers }: ControlAnswer, { live, candidate, share }: EdgeState, color: Color): boolean {
  if (live !== color && !(candidate === color && share > 0)) return true
  const own = servers.filter((one) => one.color === color)
  return own.length > 0 && own.every(({ up }) => up > 0)
}

/** A worker that leaves sees no server as up: before its answer refuses anything, the master says whether it is the current one. */
async function askCurrent(host: Host, state: EdgeState): Promise<ControlAnswer | null> {
  const { transport, layout, clock } = host
  const begun = clock.monotonicMs()
  for (;;) {
    const answer = await ask(host)
    if (answer === null || COLORS.every((color) => canServe(answer, state, color))) return answer
    const current = await showProcesses(transport, layout).then(({ worker }) => worker, ignoreGone)
    if (current === answer.worker || clock.monotonicMs() - begun >= SETTLE_MS) return answer
    await clock.sleep(PAUSE_MS)
  }
}

/** I1: never to a color that the edge does not see as up. */
function assertUp(answer: ControlAnswer, state: EdgeState): void {
  for (const color of COLORS) {
    if (canServe(answer, state, color)) continue
    const own = answer.servers.filter((one) => one.color === color)
    const down = own.filter(({ up }) => up === 0)
    throw new BackflipError(
      `traffic is not sent to ${color}: ${own.length === 0 ? 'the edge knows no server of it' : 'it has components without a server up'}`,
      {
        code: 'no-server',
        kind: 'refused',
        details: down.map(({ component, total }) => `${component}: 0 of ${total} up`),
        hint: 'backflip status',
      },
    )
  }
}
