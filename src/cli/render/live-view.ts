import type { Entry } from '../../domain/journal.ts'
import type { Plan } from '../../domain/plan/plan.ts'
import { formatDuration } from '../../lib/duration.ts'
import { monotonicMs } from '../../lib/monotonic.ts'
import type { Progress } from '../../operations/environment.ts'
import type { Io } from '../io.ts'
import { lineOf, titled } from './progress.ts'
import type { Paint } from './style.ts'

const FRAMES = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏'
const REDRAW_MS = 100
const CLEAR_LINE = '\r\u001b[K'
const HIDE_CURSOR = '\u001b[?25l'
const SHOW_CURSOR = '\u001b[?25h'

export interface View {
  readonly progress: Progress
  /** Puts the terminal back as it was. */
  readonly close: () => void
}

/** Finished lines stay; below them one line is redrawn with what runs, for how long, and what it last said. */
export function liveView(plan: Plan, io: Io, paint: Paint): View {
  let running: { readonly step: string; readonly since: number } | null = null
  let said = ''
  let frame = 0
  const draw = () => {
    if (running === null) return
    frame += 1
    const text = `${FRAMES.charAt(frame % FRAMES.length)} ${titled(plan, running.step)}  ${formatDuration(monotonicMs() - running.since)}${said === '' ? '' : `  ${said}`}`
    io.err(`${CLEAR_LINE}${text.slice(0, Math.max(10, io.columns - 1))}`)
  }
  const timer = setInterval(draw, REDRAW_MS)
  timer.unref()
  io.err(HIDE_CURSOR)
  const onEntry = (entry: Entry) => {
    const { fact } = entry
    const line = lineOf(entry, plan, paint)
    if (line !== null) io.err(`${CLEAR_LINE}${line}\n`)
    if (fact.kind === 'step-started' || fact.kind === 'undo-started')
      running = { step: fact.step, since: monotonicMs() }
    if (fact.kind === 'step-failed' || fact.kind === 'operation-finished') running = null
    said = ''
    draw()
  }
  return {
    progress: {
      entry: onEntry,
      say: (_step, text) => {
        said = text
        draw()
      },
    },
    close: () => {
      clearInterval(timer)
      io.err(`${CLEAR_LINE}${SHOW_CURSOR}`)
    },
  }
}

/** Without a terminal: a line for each thing that happened, and what a long step says, once a second at most. */
export function plainView(plan: Plan, io: Io, paint: Paint): View {
  let lastSaid = 0
  return {
    progress: {
      entry: (entry) => {
        const line = lineOf(entry, plan, paint)
        if (line !== null) io.err(`${line}\n`)
      },
      say: (_step, text) => {
        if (monotonicMs() - lastSaid < 1_000) return
        lastSaid = monotonicMs()
        io.err(`  … ${text}\n`)
      },
    },
    close: () => undefined,
  }
}

/** For programs: each entry as one line of JSON. */
export function eventsView(io: Io): View {
  return {
    progress: { entry: (entry) => io.out(`${JSON.stringify(entry)}\n`), say: () => undefined },
    close: () => undefined,
  }
}
