import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { TrafficAsk } from './traffic/child.ts'
import { type Batch, type TrafficLog, unpacker } from './traffic/record.ts'

export { type Flip, summarize, type TrafficSummary } from './traffic/summary.ts'

export interface Traffic {
  readonly pid: number
  /** Answers so far. */
  readonly answered: () => number
  /** Lets what is in flight finish, and hands out everything that was recorded. Rejects when the traffic died meanwhile. */
  readonly stop: () => Promise<TrafficLog>
}

const DEFAULTS = {
  keepAlive: 8,
  fresh: 4,
  slow: 2,
  events: 4,
  sockets: 4,
  requestsPerSecond: 500,
  maxRecords: 2_000_000,
}
const STOP_LIMIT_MS = 20_000

/** Starts a process that asks the example through `url` on all kinds of connections and checks every answer. */
export function startTraffic(ask: Partial<TrafficAsk> & { readonly url: string }): Traffic {
  const child = fork(fileURLToPath(new URL('./traffic/child.ts', import.meta.url)), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    // A debugger or a coverage of the parent is not the child's.
    execArgv: [],
  })
  const log = unpacker()
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', resolve)
  })
  // Told by `stop`; until then nobody waits for it.
  ended.catch(() => undefined)
  child.on('message', (batch: Batch) => log.add(batch))
  child.send({ ...DEFAULTS, ...ask })
  return {
    pid: child.pid ?? 0,
    answered: () => log.size,
    stop: async () => {
      if (child.connected) child.send('stop')
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS)
      const code = await ended
      clearTimeout(timer)
      if (code !== 0) throw new Error(`the traffic ended with ${code ?? 'a signal'}`)
      return log
    },
  }
}
