import { spawn } from 'node:child_process'
import { closeSync, constants, openSync } from 'node:fs'
import { accepts } from '../../lib/accepts.ts'
import type { Clock } from '../../ports/clock.ts'
import { readStat } from './process-table.ts'
import type { ProcessId } from './survey.ts'

export interface Spawned extends ProcessId {
  /** Exit code or signal, when it ends while we are still here. */
  readonly ended: Promise<string>
}

export interface SpawnAsk {
  readonly argv: readonly string[]
  readonly cwd: string
  readonly variables: { readonly [name: string]: string }
  readonly log: string
}

/**
 * Starts a process that outlives us: leader of a session and a process group of its own, no input, output appended to its log.
 * Rejects with Node's own error when it cannot be executed.
 */
export function spawnDetached({ argv, cwd, variables, log }: SpawnAsk): Promise<Spawned> {
  // O_APPEND: a log that somebody truncates (logrotate's copytruncate) goes on at its beginning. O_NOFOLLOW: not into somebody's file.
  const output = openSync(
    log,
    constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW,
    0o600,
  )
  try {
    const [command = '', ...rest] = argv
    const child = spawn(command, rest, {
      cwd,
      env: { ...variables },
      detached: true,
      stdio: ['ignore', output, output],
    })
    return new Promise((done, refuse) => {
      child.once('error', refuse)
      const { pid } = child
      if (pid === undefined) return
      const ended = new Promise<string>((tell) => child.once('exit', (code, signal) => tell(signal ?? String(code))))
      // Read at once: until the event loop turns, even a process that has ended is kept by the kernel under its pid.
      const start = readStat(pid)?.start ?? ''
      child.unref()
      done({ pid, start, ended })
    })
  } finally {
    closeSync(output)
  }
}

const CONNECT_PAUSE_MS = 10

/**
 * Watches a start: null as soon as the port takes a connection or the time is over, else how the process ended. It says nothing about health: it is
 * there so that a wrong command is told with its own words at once.
 */
export async function watchStart(
  clock: Clock,
  { ended }: Spawned,
  address: { readonly host: string; readonly port: number },
  graceMs: number,
): Promise<string | null> {
  const end = clock.monotonicMs() + graceMs
  for (;;) {
    const seen = await Promise.race([ended, accepts(address).then((yes) => (yes ? 'listening' : null))])
    if (seen === 'listening') return hasEnded(clock, ended)
    if (seen !== null) return seen
    const leftMs = end - clock.monotonicMs()
    if (leftMs <= 0) return null
    const pause = await Promise.race([ended, clock.sleep(Math.min(CONNECT_PAUSE_MS, leftMs)).then(() => null)])
    if (pause !== null) return pause
  }
}

/** The port may be a stranger's, and ours then ends of it: give its end one turn to arrive. */
function hasEnded(clock: Clock, ended: Promise<string>): Promise<string | null> {
  return Promise.race([ended, clock.sleep(1).then(() => null)])
}
