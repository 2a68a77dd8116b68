import { spawn } from 'node:child_process'
import { BackflipError } from '../../domain/errors.ts'
import type { CommandResult } from '../../ports/transport.ts'

const DEFAULT_OUTPUT_BYTES = 1024 * 1024

export interface CommandAsk {
  readonly timeoutMs: number
  readonly maxOutputBytes?: number
  readonly stdin?: string
  readonly cwd?: string
  readonly env?: { readonly [name: string]: string }
}

/** Runs one command to its end in a process group of its own; after its time the whole group is killed. */
export function runCommand(argv: readonly string[], ask: CommandAsk): Promise<CommandResult> {
  const [file, ...args] = argv
  if (file === undefined) throw new Error('an empty command')
  const maxBytes = ask.maxOutputBytes ?? DEFAULT_OUTPUT_BYTES
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      detached: true,
      stdio: [ask.stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      ...(ask.cwd === undefined ? {} : { cwd: ask.cwd }),
      ...(ask.env === undefined ? {} : { env: ask.env }),
    })
    let late = false
    const timer = setTimeout(() => {
      late = true
      killGroup(child.pid)
    }, ask.timeoutMs)
    const stdout = collect(child.stdout, maxBytes)
    const stderr = collect(child.stderr, maxBytes)
    child.on('error', (cause) => {
      clearTimeout(timer)
      reject(
        new BackflipError(`${file} cannot be run`, {
          code: 'command-failed',
          kind: 'failed',
          hint: 'see that it is installed and may be run, then: the same command',
          cause,
        }),
      )
    })
    child.on('close', (exitCode, signal) => {
      clearTimeout(timer)
      if (late)
        reject(
          new BackflipError(`${file} took longer than ${ask.timeoutMs} ms`, {
            code: 'command-timeout',
            kind: 'failed',
            details: lastLines(stderr()),
          }),
        )
      else resolve({ exitCode, signal, stdout: stdout(), stderr: stderr() })
    })
    // The command may end without reading: that is its right, and EPIPE is no error of ours.
    child.stdin?.on('error', () => undefined)
    child.stdin?.end(ask.stdin)
  })
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

function collect(stream: NodeJS.ReadableStream | null, maxBytes: number): () => string {
  const chunks: Buffer[] = []
  let kept = 0
  stream?.on('data', (chunk: Buffer) => {
    const part = chunk.subarray(0, Math.max(0, maxBytes - kept))
    kept += part.length
    if (part.length > 0) chunks.push(part)
  })
  return () => Buffer.concat(chunks).toString('utf8')
}

function lastLines(text: string): readonly string[] {
  return text.trimEnd().split('\n').slice(-10)
}
