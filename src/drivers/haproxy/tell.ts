import { BackflipError } from '../../domain/errors.ts'
import { askControl, type ControlAnswer, type ControlAsk } from './control.ts'
import { fenced } from './file-fence.ts'
import type { Host } from './host.ts'
import { isSocketError, showProcesses } from './master.ts'

/** Long enough for a reload of somebody else's to end; then nobody knows, and that is what is said. */
const TELL_LIMIT_MS = 5_000
const PAUSE_MS = 3

export interface Told {
  readonly answer: ControlAnswer
  readonly tries: number
  /** Workers that a reload left behind, still serving the connections they have. */
  readonly oldWorkers: readonly number[]
}

/**
 * Tells the running worker something, until the one that took it is the one that the master names as current *afterwards*
 * (research/haproxy.md §10: without that, 3 to 5 of 20 flips during a reload vanish and no error says so). Sockets that fail meanwhile mean
 * "again". Errors: `fenced`, `no-server`; `edge-unknown` when the bound is over.
 */
export async function tell(
  host: Host,
  generation: number,
  ask: Exclude<ControlAsk, { readonly path: '/' }>,
  isDone: (answer: ControlAnswer) => boolean,
): Promise<Told> {
  const { transport, layout, clock } = host
  const begun = clock.monotonicMs()
  let problem: unknown
  for (let tries = 1; ; tries += 1) {
    try {
      const answer = await askControl(transport, layout, ask)
      const { worker, oldWorkers } = await showProcesses(transport, layout)
      // Only the current worker's no counts: one that leaves sees no server up any more, and took its refusal from there.
      if (worker === answer.worker) {
        refuse(answer, ask.path, generation, host)
        if (isDone(answer)) return { answer, tries, oldWorkers }
      }
      problem = new Error(`worker ${answer.worker} took it, and the master names ${worker ?? 'none'}`)
    } catch (error) {
      if (!isSocketError(error)) throw error
      problem = error
    }
    if (clock.monotonicMs() - begun >= TELL_LIMIT_MS)
      throw unknown(`the edge did not confirm ${ask.path} within ${TELL_LIMIT_MS} ms`, problem)
    await clock.sleep(PAUSE_MS)
  }
}

function refuse({ status, state }: ControlAnswer, path: string, generation: number, { layout }: Host): void {
  if (status === 200) return
  // The same fence again, after a reload that had read it from the file already, is no refusal.
  if (status === 409 && path === '/fence' && state?.generation === generation) return
  if (status === 409) throw fenced(generation, layout)
  if (status === 412) {
    throw new BackflipError('the edge refuses the switch: a component of the target has no server up', {
      code: 'no-server',
      kind: 'refused',
      hint: 'backflip status',
    })
  }
  throw new BackflipError(`the edge answered ${path} with status ${status}`, {
    code: 'edge-refused',
    kind: 'failed',
    hint: 'backflip doctor',
  })
}

export function unknown(message: string, cause: unknown, more: readonly string[] = []): BackflipError {
  return new BackflipError(message, {
    code: 'edge-unknown',
    kind: 'person',
    details: ['what it does right now is unknown, and nothing is guessed', ...more],
    hint: 'look at HAProxy (its log, its process), then: backflip status',
    cause,
  })
}
