import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { APP_ROLE, type Cluster, requirePostgres } from './cluster.ts'

/** A release at work: its statements over and over, in a session of its own, as the app's role. */
export interface ReleaseWriter {
  /** Waits until it has gone through its statements that many times more. */
  turns(count: number): Promise<void>
  /** Ends it. What the server refused, a line each; a release that survives has none. */
  stop(): Promise<readonly string[]>
}

/** A release that never rests would leave nothing of a small machine to the migration. */
const PAUSE_MS = 3

let next = 1

/** `{i}` in a statement is a number that no other turn has. */
export function startWriter({ host }: Cluster, database: string, statements: readonly string[]): ReleaseWriter {
  const { socketFolder, port } = host.config
  const args = ['--no-psqlrc', '--quiet', '--tuples-only', '--set=VERBOSITY=verbose', `--host=${socketFolder}`]
  const where = [`--port=${port}`, `--username=${APP_ROLE}`, database]
  const child = spawn(join(requirePostgres(), 'psql'), [...args, ...where], { stdio: ['pipe', 'pipe', 'pipe'] })
  const ended = once(child, 'close')
  const errors: string[] = []
  createInterface({ input: child.stderr }).on('line', (line) => {
    if (/ERROR|FATAL/.test(line)) errors.push(line)
  })
  let done = 0
  let isStopping = false
  const waiting: { at: number; go: () => void }[] = []
  const turn = () => {
    if (isStopping) return
    const number = next++
    child.stdin.write(
      `${statements.map((one) => `${one.replaceAll('{i}', String(number))};`).join('\n')}\n\\echo turn\n`,
    )
  }
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line !== 'turn') return
    done += 1
    for (const one of waiting) if (done >= one.at) one.go()
    setTimeout(turn, PAUSE_MS)
  })
  // One that is gone makes nobody wait; its error is among those that it ends with.
  void ended.then(() => {
    for (const one of waiting) one.go()
  })
  turn()
  return {
    async turns(count) {
      const at = done + count
      await new Promise<void>((resolve) => waiting.push({ at, go: resolve }))
    },
    async stop() {
      isStopping = true
      child.stdin.end()
      await ended
      return errors
    },
  }
}
