import { BackflipError } from '../../domain/errors.ts'
import type { Transport } from '../../ports/transport.ts'
import type { Layout } from './layout.ts'

const MASTER_TIMEOUT_MS = 1_000
/** A reload parses the whole configuration before it answers, on 3.x. */
const RELOAD_TIMEOUT_MS = 15_000

export interface Processes {
  /** Pid of the current worker, or null while there is none. */
  readonly worker: number | null
  /** How many reloads were refused so far. */
  readonly failed: number
  readonly oldWorkers: readonly number[]
}

/** `show proc` on the master socket: the only one who knows which worker is current (research/haproxy.md §10). */
export async function showProcesses(transport: Transport, { masterSocket }: Layout): Promise<Processes> {
  return parseProcesses(await transport.askSocket(masterSocket, 'show proc\n', { timeoutMs: MASTER_TIMEOUT_MS }))
}

export function parseProcesses(text: string): Processes {
  const failed = /\[failed: (\d+)\]/.exec(text)?.[1]
  const section = (name: string) => {
    const from = text.indexOf(`# ${name}\n`)
    if (from === -1) return []
    const rows = text.slice(from).split('\n').slice(1)
    const end = rows.findIndex((row) => row.startsWith('#'))
    return rows
      .slice(0, end === -1 ? rows.length : end)
      .flatMap((row) => (/^\d+\s+worker\b/.test(row) ? [Number.parseInt(row, 10)] : []))
  }
  return { worker: section('workers')[0] ?? null, failed: Number(failed ?? 0), oldWorkers: section('old workers') }
}

/**
 * Asks for a reload. 2.6 closes without an answer, 3.x says `Success=1` or `Success=0` and why. Null when it said nothing of failure.
 */
export async function askReload(transport: Transport, { masterSocket }: Layout): Promise<string | null> {
  const answer = await transport.askSocket(masterSocket, 'reload\n', {
    timeoutMs: RELOAD_TIMEOUT_MS,
    canBeSilent: true,
  })
  return answer.includes('Success=0') ? answer : null
}

/** Whether a worker says that it is leaving, or is gone: only then can it no longer take a connection (research/haproxy.md §4). */
export async function isLeaving(transport: Transport, { masterSocket }: Layout, worker: number): Promise<boolean> {
  const answer = await transport.askSocket(masterSocket, `@!${worker} show info\n`, { timeoutMs: MASTER_TIMEOUT_MS })
  return /^Stopping: 1$/m.test(answer) || !/^Stopping: 0$/m.test(answer)
}

export function isSocketError(error: unknown): error is BackflipError {
  return error instanceof BackflipError && (error.code === 'socket-failed' || error.code === 'socket-timeout')
}

/** ENOENT or ECONNREFUSED: nobody listens. */
export function isNobodyThere(error: unknown): boolean {
  if (!(error instanceof BackflipError) || error.code !== 'socket-failed') return false
  const code = (error.cause as NodeJS.ErrnoException | undefined)?.code
  return code === 'ENOENT' || code === 'ECONNREFUSED'
}
