import { readFileSync } from 'node:fs'
import { monotonicMs } from './monotonic.ts'

/** Fields of /proc/<pid>/stat after the command's name, which may itself hold spaces and parentheses (proc(5)). */
function statFields(pid: number): readonly string[] | null {
  let text: string
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1')
  } catch (error) {
    if (isGone(error)) return null
    throw error
  }
  return text.slice(text.lastIndexOf(')') + 2).split(' ')
}

function isGone(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code
  return code === 'ENOENT' || code === 'ESRCH'
}

/** Start time in clock ticks since boot (field 22), or null when there is no such process. */
export function processStart(pid: number): string | null {
  return statFields(pid)?.[19] ?? null
}

/** One letter (field 3): R, S, D, T, Z … or null. */
export function processState(pid: number): string | null {
  return statFields(pid)?.[0] ?? null
}

/** USER_HZ, the unit of start times: 100 on every Linux that Node runs on (time(7)). */
const TICKS_PER_SECOND = 100

let ownBegin: { readonly ticks: number; readonly ms: number } | undefined

/**
 * When a process of this boot began, on the scale of `monotonicMs`. Its ticks since boot are compared with our own, so nobody sets this clock (and
 * /proc/uptime would be another one in a container with lxcfs).
 */
export function processBeganMs(start: string): number {
  ownBegin ??= { ticks: Number(processStart(process.pid)), ms: monotonicMs() - process.uptime() * 1000 }
  return ownBegin.ms + ((Number(start) - ownBegin.ticks) * 1000) / TICKS_PER_SECOND
}

let knownBootId: string | undefined

/** Another one after each boot: a recorded pid of another boot is nobody. */
export function bootId(): string {
  knownBootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  return knownBootId
}

/** Whether the process is that one still, and not a zombie: a pid alone may be somebody else's by now. */
export function isSameProcess(pid: number, start: string): boolean {
  const fields = statFields(pid)
  return fields !== null && fields[19] === start && fields[0] !== 'Z' && fields[0] !== 'X'
}
