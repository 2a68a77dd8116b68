import { spawn } from 'node:child_process'

const SHOWN_CHARACTERS = 4_000

export interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

export interface RunAsk {
  /** Default: nothing. */
  readonly input?: string
  /** Default: ours. */
  readonly env?: NodeJS.ProcessEnv
  /** Then it is killed. */
  readonly limitMs: number
}

/** Runs a program, argv and never a shell, to its end, however it ends. */
export async function run(argv: readonly string[], { input = '', env, limitMs }: RunAsk): Promise<Ended> {
  const [program = '', ...args] = argv
  const child = spawn(program, args, { timeout: limitMs, killSignal: 'SIGKILL', env: env ?? process.env })
  let [out, err] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString('utf8')))
  child.stderr.on('data', (chunk: Buffer) => (err = (err + chunk.toString('utf8')).slice(-SHOWN_CHARACTERS)))
  // A program may end without reading.
  child.stdin.on('error', () => undefined)
  child.stdin.end(input)
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  return { code, out, err }
}

/** The same; throws with the program's own words unless it ends with 0. Gives what it wrote. */
export async function mustRun(argv: readonly string[], ask: RunAsk): Promise<string> {
  const { code, out, err } = await run(argv, ask)
  if (code !== 0) throw new Error(`${argv.join(' ')} ended with ${code ?? 'a signal'}:\n${err || out}`)
  return out
}
