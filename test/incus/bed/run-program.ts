import { spawn } from 'node:child_process'

const SHOWN_BYTES = 4_000

export interface ProgramAsk {
  readonly limitMs: number
  readonly stdin?: string
  readonly env?: { readonly [name: string]: string }
  readonly cwd?: string
}

/** Runs a program to its end and gives what it wrote to standard output; throws with its words when it fails. */
export async function runProgram(argv: readonly string[], ask: ProgramAsk): Promise<string> {
  const [program = '', ...args] = argv
  const child = spawn(program, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: ask.limitMs,
    killSignal: 'SIGKILL',
    ...(ask.env === undefined ? {} : { env: { ...ask.env } }),
    ...(ask.cwd === undefined ? {} : { cwd: ask.cwd }),
  })
  let output = ''
  let errors = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')))
  child.stderr.on('data', (chunk: Buffer) => (errors = (errors + chunk.toString('utf8')).slice(-SHOWN_BYTES)))
  // A program may end without reading.
  child.stdin.on('error', () => undefined)
  child.stdin.end(ask.stdin ?? '')
  const code = await new Promise<number | NodeJS.Signals | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (status, signal) => resolve(status ?? signal))
  })
  if (code === 0) return output
  throw new Error(`${argv.join(' ')} ended with ${code}: ${errors.trim() || output.slice(-SHOWN_BYTES).trim()}`)
}
