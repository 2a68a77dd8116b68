import { closeSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs'
import { isSameProcess } from '../../lib/proc.ts'
import type { Mark } from './mark.ts'

/** One process as /proc shows it. `start` (clock ticks since boot) with `pid` names it for as long as the machine is up. */
export interface ProcessEntry {
  readonly pid: number
  readonly start: string
  readonly group: number
  /** False for a zombie: it does nothing any more and waits for a parent that may never ask. */
  readonly living: boolean
  readonly mark: (Mark & { readonly PORT?: string }) | null
}

/** Environments longer than this are searched in their beginning only; the mark stands first in what we start. */
const ENVIRON_BYTES = 256 * 1024
const MARK_NAME = 'BACKFLIP_STATE='

/** Null when there is no such process, or none any more. */
export function readStat(pid: number): Omit<ProcessEntry, 'mark'> | null {
  const text = readGone(() => readFileSync(`/proc/${pid}/stat`, 'utf8'))
  if (text === null) return null
  // The name in parentheses may hold blanks and parentheses itself: the fields begin after the last one. proc(5)
  const [state, , group, ...rest] = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return { pid, start: rest[16] ?? '', group: Number(group), living: state !== 'Z' && state !== 'X' }
}

/** Whether exactly this process still does something. Ask right before a signal: the pid may be somebody else's by now. */
export function lives({ pid, start }: { readonly pid: number; readonly start: string }): boolean {
  return isSameProcess(pid, start)
}

/**
 * Every process of our user that belongs to this state folder, by its mark, and everyone else in the process groups of those that `alsoGroupsOf`
 * names. Costs a read or two for each process of the machine (about 40 µs), so `list` does without.
 */
export function scanProcesses(
  state: string,
  alsoGroupsOf: readonly { readonly pid: number; readonly start: string }[] = [],
): readonly ProcessEntry[] {
  const groups = new Set(
    alsoGroupsOf.filter((leader) => readStat(leader.pid)?.start === leader.start).map(({ pid }) => pid),
  )
  const own = process.geteuid?.()
  const buffer = Buffer.allocUnsafe(ENVIRON_BYTES)
  const all = readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && pid !== process.pid)
    .flatMap((pid): ProcessEntry[] => {
      const entry = readStat(pid)
      if (entry?.living !== true) return []
      const ours = own === undefined || readGone(() => statSync(`/proc/${pid}`).uid) === own
      return [{ ...entry, mark: ours ? readMark(pid, state, buffer) : null }]
    })
  for (const { pid, group, mark } of all) if (mark !== null && pid === group) groups.add(group)
  return all.filter(({ group, mark }) => mark !== null || groups.has(group))
}

function readMark(pid: number, state: string, buffer: Buffer): ProcessEntry['mark'] {
  const length = readGone(() => readBeginning(`/proc/${pid}/environ`, buffer))
  if (length === null || length === 0) return null
  const text = buffer.subarray(0, length)
  if (!text.includes(`${MARK_NAME}${state}\0`)) return null
  const variables = Object.fromEntries(
    text
      .toString('utf8')
      .split('\0')
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  )
  const { BACKFLIP_STATE, BACKFLIP_INSTANCE, BACKFLIP_OPERATION, BACKFLIP_SHA, BACKFLIP_COLOR, PORT } = variables
  if (BACKFLIP_STATE !== state || !BACKFLIP_INSTANCE || !BACKFLIP_OPERATION || !BACKFLIP_SHA) return null
  return {
    BACKFLIP_STATE,
    BACKFLIP_INSTANCE,
    BACKFLIP_OPERATION,
    BACKFLIP_SHA,
    ...(BACKFLIP_COLOR === undefined ? {} : { BACKFLIP_COLOR }),
    ...(PORT === undefined ? {} : { PORT }),
  }
}

function readBeginning(path: string, buffer: Buffer): number {
  const file = openSync(path, 'r')
  try {
    let length = 0
    for (;;) {
      const read = readSync(file, buffer, length, buffer.length - length, null)
      length += read
      if (read === 0 || length === buffer.length) return length
    }
  } finally {
    closeSync(file)
  }
}

/** A process may go away between two looks, and those of others are closed to us: both mean "none of ours". */
function readGone<T>(read: () => T): T | null {
  try {
    return read()
  } catch (error) {
    if (['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) return null
    throw error
  }
}
