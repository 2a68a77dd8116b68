import type { Io } from './io.ts'
import { main } from './main.ts'

/** For the bundle that has only some verbs: help and mistakes come from the one that has all. */
export async function runProgram(...args: Parameters<typeof import('./program.ts').runProgram>): Promise<number> {
  return (await import('./program.ts')).runProgram(...args)
}

/** The process's own terminal, signals and variables. */
export async function runProcess(version: string): Promise<void> {
  const interrupt = new AbortController()
  process.on('SIGINT', () => onInterrupt(interrupt))
  process.on('SIGTERM', () => onInterrupt(interrupt))
  process.exitCode = await main(process.argv.slice(2), processIo(interrupt.signal), version)
  // A daemon that hangs holds the connections of a look that was given up on for a minute more, and whoever asked has the answer (I9).
  await Promise.all([...opened].map(written))
  process.exit()
}

const opened = new Set<NodeJS.WriteStream>()

/** Settles when all of it is handed over, or its reader went away. */
function written(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((done) => {
    stream.write('', () => done())
  })
}

/** The first asks the operation to go back; the second leaves at once, and `resume` or `abort` settle it. */
function onInterrupt(interrupt: AbortController): void {
  if (interrupt.signal.aborted) process.exit(130)
  process.stderr.write('\ninterrupted: going back where that is possible (once more: leave at once)\n')
  interrupt.abort()
}

function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
}

/** Made when there is something to write: each of the two streams costs Node 1 to 2 ms, and most commands need one. */
function writerTo(name: 'stdout' | 'stderr'): (text: string) => void {
  return (text) => {
    const stream = process[name]
    // A reader that went away (`backflip history | head`) is no error of ours.
    if (!opened.has(stream)) stream.on('error', ignoreClosedPipe)
    opened.add(stream)
    stream.write(text)
  }
}

function processIo(signal: AbortSignal): Io {
  const { stderr, env } = process
  return {
    out: writerTo('stdout'),
    err: writerTo('stderr'),
    isTerminal: stderr.isTTY === true,
    columns: stderr.columns ?? 100,
    useColor: stderr.isTTY === true && env.NO_COLOR === undefined,
    cwd: process.cwd(),
    variables: env,
    signal,
    ask,
  }
}

async function ask(question: string): Promise<string | null> {
  if (process.stdin.isTTY !== true || process.stderr.isTTY !== true) return null
  const { createInterface } = await import('node:readline/promises')
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return await lines.question(question)
  } finally {
    lines.close()
  }
}
