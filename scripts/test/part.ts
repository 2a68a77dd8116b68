import { spawn } from 'node:child_process'

/** One part of `npm test`: a program, and how what it found is counted. */
export interface Part {
  readonly name: string
  /** Program and arguments; `node` is the Node that runs this. */
  readonly argv: readonly string[]
  /** `vitest`: its JSON report has the numbers. `exit`: the part counts as one, passed when it exits with 0. */
  readonly count: 'vitest' | 'exit'
  /** `always`: shown as it runs; `afterwards`: whole, when it has ended; `on-failure`: its end, when it failed. */
  readonly output: 'always' | 'afterwards' | 'on-failure'
  readonly limitMs: number
  /** It runs beside all that come after it. */
  readonly alongside?: true
  /** `vitest`: where its JSON report is. */
  readonly report?: string
  /** It may say in one line that it cannot run here, and end with `SKIPPED`: nothing of it counts then. */
  readonly maySkip?: true
}

/** As automake's tests do. */
export const SKIPPED = 77

export interface Ended {
  /** Null when it was ended by a signal, ours included. */
  readonly code: number | null
  /** What it wrote, `MAX_OUTPUT_BYTES` of it at most (the last); empty when it was shown as it ran. */
  readonly output: string
  readonly timedOut: boolean
  readonly tookMs: number
}

const MAX_OUTPUT_BYTES = { always: 0, afterwards: 4 * 1024 * 1024, 'on-failure': 64 * 1024 } as const
const GRACE_MS = 10_000

/** Runs a part to its end or its limit; aborting the signal ends it too. */
export async function runProgram(part: Part, signal: AbortSignal): Promise<Ended> {
  const startedAt = performance.now()
  const [program = '', ...args] = part.argv
  const piped = part.output === 'always' ? 'inherit' : 'pipe'
  const child = spawn(program === 'node' ? process.execPath : program, args, { stdio: ['ignore', piped, piped] })
  let output = ''
  const keep = (chunk: Buffer) => {
    output = (output + chunk.toString('utf8')).slice(-MAX_OUTPUT_BYTES[part.output])
  }
  child.stdout?.on('data', keep)
  child.stderr?.on('data', keep)

  let timedOut = false
  const stop = () => {
    child.kill('SIGTERM')
    setTimeout(() => child.kill('SIGKILL'), GRACE_MS).unref()
  }
  const limit = setTimeout(() => {
    timedOut = true
    stop()
  }, part.limitMs)
  signal.addEventListener('abort', stop, { once: true })
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', resolve)
    })
    return { code, output, timedOut, tookMs: performance.now() - startedAt }
  } finally {
    clearTimeout(limit)
    signal.removeEventListener('abort', stop)
  }
}
