import { closeSync, ftruncateSync, openSync, readdirSync, readSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { diskFull } from '../../lib/disk-full.ts'
import type { Shortcoming } from '../../ports/shortcoming.ts'
import type { ProcessContext } from './context.ts'

const MIB = 1024 * 1024

/** A log that is longer loses its beginning. */
const LONGEST_LOG_BYTES = 64 * MIB
/** What stays of it: as much as `backflip logs` shows at most. */
export const KEPT_LOG_BYTES = 4 * MIB

/** Beside a log: the end of what was cut off it. */
export function olderPart(log: string): string {
  return `${log}.1`
}

/**
 * Cuts logs that have grown too long: their end goes into a file beside them, then they begin again at nothing, which their writers allow by appending.
 * Lines that are written between the two are lost (docs/decisions/0007-logs.md). Called by whatever changes the environment.
 */
export function trimLogs({ layout }: ProcessContext): void {
  for (const { path } of longLogs(layout.logs)) trim(path)
}

/** Between two commands nothing holds a log: that one has grown is said before the disk is full. */
export function logShortcomings({ layout }: ProcessContext): readonly Shortcoming[] {
  return longLogs(layout.logs).map(({ path, sizeBytes }) => ({
    message: `${path} has ${Math.floor(sizeBytes / MIB)} MiB: the next command that changes something cuts it to its last ${KEPT_LOG_BYTES / MIB}`,
    hint: `logrotate with copytruncate on ${join(layout.logs, '*.log')} holds it between commands`,
    isAdvice: true,
  }))
}

function longLogs(folder: string): readonly { readonly path: string; readonly sizeBytes: number }[] {
  return namesIn(folder)
    .filter((name) => name.endsWith('.log'))
    .map((name) => join(folder, name))
    .map((path) => ({ path, sizeBytes: statSync(path, { throwIfNoEntry: false })?.size ?? 0 }))
    .filter(({ sizeBytes }) => sizeBytes > LONGEST_LOG_BYTES)
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

function trim(log: string): void {
  const file = openSync(log, 'r+')
  try {
    const { size } = statSync(log)
    const kept = Buffer.alloc(KEPT_LOG_BYTES)
    const read = readSync(file, kept, 0, kept.length, size - kept.length)
    // First, because it may be what filled the disk: then there is room for its end.
    ftruncateSync(file, 0)
    writeFileSync(olderPart(log), kept.subarray(0, read), { mode: 0o600 })
  } catch (error) {
    // Others filled it too: the log's end is lost, and what was asked for goes on.
    if (diskFull(error) === null) throw error
  } finally {
    closeSync(file)
  }
}
