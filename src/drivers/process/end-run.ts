import { BackflipError } from '../../domain/errors.ts'
import type { ProcessContext } from './context.ts'
import type { Entered } from './fence.ts'
import { lives, type ProcessEntry, readStat, scanProcesses } from './process-table.ts'
import { type Run, surveyColor } from './survey.ts'

/** For one that nobody wrote down. */
const DEFAULT_STOP_TIMEOUT_MS = 10_000
/** After KILL a process goes at once, unless the kernel holds it (a dead disk, a debugger). */
const KILL_TIMEOUT_MS = 5_000
const FIRST_PAUSE_MS = 2
const LONGEST_PAUSE_MS = 50

/** How it ended: `killed` when TERM was not enough. `absent` when there was nothing to end. */
export type Ending = 'absent' | 'ended' | 'killed'

/**
 * TERM, wait, KILL, wait, for all that a run started. Each signal goes to a process that was just seen to be the one meant.
 * Error `stop-failed` (kind `failed`) when the kernel does not let it go.
 */
export async function endProcesses(
  context: ProcessContext,
  entered: Pick<Entered, 'check'>,
  what: {
    readonly name: string
    readonly stopTimeoutMs: number
    readonly find: () => readonly ProcessEntry[]
    readonly found: readonly ProcessEntry[]
  },
): Promise<Ending> {
  if (what.found.length === 0) return 'absent'
  await entered.check()
  signal(what.found, 'SIGTERM')
  if (await gone(context, what, what.found, what.stopTimeoutMs, null)) return 'ended'
  // Those known before too: without its leader a group is no longer found, but whoever is left of it was seen.
  const left = merged(what.found.filter(lives), what.find())
  if (left.length === 0) return 'ended'
  await entered.check()
  if (await gone(context, what, left, KILL_TIMEOUT_MS, 'SIGKILL')) return 'killed'
  throw new BackflipError(`${what.name} does not end, not even by SIGKILL`, {
    code: 'stop-failed',
    kind: 'failed',
    details: what.find().map(({ pid }) => `process ${pid} is still there`),
    hint: 'ps -o pid,stat,wchan,cmd -p PID shows what the kernel waits for',
  })
}

export async function endRun(
  context: ProcessContext,
  entered: Entered,
  run: Run,
  color: 'blue' | 'green',
): Promise<Ending> {
  const again = () => surveyColor(context, color, run.operation).find(({ name }) => name === run.name)?.processes ?? []
  const stopTimeoutMs = run.record?.stopTimeoutMs ?? DEFAULT_STOP_TIMEOUT_MS
  return endProcesses(context, entered, { name: run.name, stopTimeoutMs, find: again, found: run.processes })
}

function merged(some: readonly ProcessEntry[], others: readonly ProcessEntry[]): readonly ProcessEntry[] {
  return [...some, ...others.filter(({ pid }) => !some.some((one) => one.pid === pid))]
}

/** Waits for the known ones cheaply, then looks once whether they left others behind. */
async function gone(
  context: ProcessContext,
  { find }: { readonly find: () => readonly ProcessEntry[] },
  known: readonly ProcessEntry[],
  limitMs: number,
  repeat: 'SIGKILL' | null,
): Promise<boolean> {
  const end = context.clock.monotonicMs() + limitMs
  let waited = known
  if (repeat !== null) signal(waited, repeat)
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    if (!waited.some(lives)) {
      waited = find()
      if (waited.length === 0) return true
      if (repeat !== null) signal(waited, repeat)
    }
    const leftMs = end - context.clock.monotonicMs()
    if (leftMs <= 0) return false
    await context.clock.sleep(Math.min(pauseMs, leftMs))
  }
}

/** To the group where its leader is known, because that reaches what is forked meanwhile; else to each one. */
function signal(processes: readonly ProcessEntry[], name: 'SIGTERM' | 'SIGKILL'): void {
  const groups = new Set(
    processes.filter(({ pid, group, start }) => pid === group && readStat(pid)?.start === start).map(({ pid }) => pid),
  )
  for (const group of groups) send(-group, name)
  for (const one of processes) if (!groups.has(one.group) && lives(one)) send(one.pid, name)
}

function send(pid: number, name: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    // It ended between the look and the signal: what we wanted.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** Every process of one name and operation, whatever its color: for one-offs. */
export function processesOf(context: ProcessContext, name: string, operation: string): readonly ProcessEntry[] {
  const entries = scanProcesses(context.state())
  const leaders = new Set(
    entries.flatMap(({ pid, mark }) =>
      mark?.BACKFLIP_INSTANCE === name && mark.BACKFLIP_OPERATION === operation ? [pid] : [],
    ),
  )
  return entries.filter(({ pid, group }) => leaders.has(pid) || leaders.has(group))
}
