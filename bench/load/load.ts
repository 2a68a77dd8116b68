import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { FlipTime } from './client.ts'

export type { FlipTime }

export interface LoadResult {
  readonly answers: number
  readonly failed: number
  readonly reconnects: number
  /** Sent after an acknowledgement and answered by the color from before. */
  readonly late: number
}

export interface Load {
  readonly answers: () => number
  readonly stop: (flips: readonly FlipTime[]) => Promise<LoadResult>
}

export const nowMs = () => Number(process.hrtime.bigint()) / 1e6

export function startLoad(port: number, connections: number): Load {
  const child = start('./client.ts', [String(port), String(connections)])
  let answers = 0
  let final: LoadResult | null = null
  child.on('message', (message: { readonly answers?: number; readonly final?: LoadResult }) => {
    answers = message.answers ?? answers
    final = message.final ?? final
  })
  return {
    answers: () => answers,
    async stop(flips) {
      child.send({ flips })
      await once(child, 'exit')
      if (final === null) throw new Error('the load ended without saying what it saw')
      return final
    },
  }
}

export async function startServers(): Promise<{
  readonly blue: number
  readonly green: number
  readonly stop: () => void
}> {
  const child = start('./servers.ts', [])
  const [ports] = (await once(child, 'message')) as [[number, number]]
  return { blue: ports[0], green: ports[1], stop: () => child.kill() }
}

function start(script: string, args: readonly string[]): ChildProcess {
  return fork(fileURLToPath(new URL(script, import.meta.url)), [...args], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
}
