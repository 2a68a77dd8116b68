import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { BackflipError } from '../../domain/errors.ts'

/** A session of its own, nothing inherited but the log: it outlives us and does not hold our locks (research/reliability.md §6.1). */
export async function spawnDetached(argv: readonly string[], log: string): Promise<number> {
  const [file, ...args] = argv
  if (file === undefined) throw new Error('an empty command')
  const output = openSync(log, 'a', 0o600)
  try {
    const child = spawn(file, args, { detached: true, stdio: ['ignore', output, output] })
    const pid = await new Promise<number>((resolve, reject) => {
      child.once('error', (cause) =>
        reject(
          new BackflipError(`${file} cannot be started`, {
            code: 'command-failed',
            kind: 'failed',
            hint: 'see that it is installed and may be run, then: the same command',
            cause,
          }),
        ),
      )
      child.once('spawn', () => resolve(child.pid ?? 0))
    })
    child.unref()
    return pid
  } finally {
    closeSync(output)
  }
}
