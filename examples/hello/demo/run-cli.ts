import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** This clone's own. */
export const BACKFLIP = fileURLToPath(new URL('../../../bin/backflip.js', import.meta.url))
const MAX_OUTPUT_BYTES = 8 * 1024 * 1024
/** After an interruption: long enough to flip back and to stop what was started. */
const GRACE_MS = 15_000

export interface CliEnd {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** One real `backflip …`, as a person would type it. Aborting asks it to go back, and ends it when it does not. */
export async function runCli(ask: {
  readonly program: string
  readonly argv: readonly string[]
  readonly cwd: string
  readonly quiet: boolean
  readonly signal: AbortSignal
}): Promise<CliEnd> {
  const shown = ask.quiet ? 'pipe' : 'inherit'
  const child = spawn(process.execPath, [ask.program, ...ask.argv], {
    cwd: ask.cwd,
    stdio: ['ignore', shown, shown],
    env: { ...process.env, BACKFLIP_ACTOR: 'demo' },
  })
  let out = ''
  let err = ''
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    out = (out + chunk).slice(0, MAX_OUTPUT_BYTES)
  })
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    err = (err + chunk).slice(0, MAX_OUTPUT_BYTES)
  })
  const stop = () => {
    // A terminal has sent Ctrl-C to the child already, and a second one would not let it go back.
    if (ask.signal.reason !== 'SIGINT' || !process.stdin.isTTY) child.kill('SIGTERM')
    setTimeout(() => child.kill('SIGKILL'), GRACE_MS).unref()
  }
  if (ask.signal.aborted) stop()
  ask.signal.addEventListener('abort', stop, { once: true })
  try {
    const code = await new Promise<number>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (status) => resolve(status ?? 1))
    })
    return { code, out, err }
  } finally {
    ask.signal.removeEventListener('abort', stop)
  }
}
