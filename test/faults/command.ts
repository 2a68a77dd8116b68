import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const PROGRAM = fileURLToPath(new URL('../../bin/backflip.js', import.meta.url))
/** Longer than any operation of the small test app takes on a busy machine. */
const LIMIT_MS = 50_000

export interface Ended {
  readonly exitCode: number | null
  readonly out: string
  readonly err: string
}

export interface CommandAsk {
  readonly folder: string
  /** Beside the test's own. */
  readonly variables?: { readonly [name: string]: string }
  /** What it is started with: `ip netns exec NAME`, `unshare …`. */
  readonly under?: readonly string[]
}

/** The real command line as a process of its own, to its end. */
export function backflip({ folder, variables = {}, under = [] }: CommandAsk, ...args: readonly string[]): Ended {
  const [file = '', ...rest] = [...under, process.execPath, PROGRAM, ...args]
  const { status, stdout, stderr, error } = spawnSync(file, rest, {
    cwd: folder,
    encoding: 'utf8',
    timeout: LIMIT_MS,
    env: { ...process.env, ...variables },
  })
  if (error !== undefined) throw error
  return { exitCode: status, out: stdout, err: stderr }
}

export interface Running {
  readonly child: ChildProcess
  readonly out: () => string
  readonly err: () => string
  readonly ended: () => Promise<number | null>
}

/** The same, while it runs. */
export function backflipRunning(
  { folder, variables = {}, under = [] }: CommandAsk,
  ...args: readonly string[]
): Running {
  const [file = '', ...rest] = [...under, process.execPath, PROGRAM, ...args]
  const child = spawn(file, rest, {
    cwd: folder,
    env: { ...process.env, ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [out, err] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString()
  })
  const closed = once(child, 'close')
  return {
    child,
    out: () => out,
    err: () => err,
    ended: async () => {
      await closed
      return child.exitCode
    },
  }
}
