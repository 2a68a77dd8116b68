import { promises as files } from 'node:fs'
import { join } from 'node:path'
import { BackflipError } from '../../domain/errors.ts'
import type { Json } from '../../domain/json.ts'
import type { Hooks } from '../../ports/hooks.ts'

const TIMEOUT_MS = 5 * 60_000
const OUTPUT_BYTES = 64 * 1024
const SHOWN_LINES = 10

/** Executables `pre-<phase>`, `post-<phase>`, `on-failure` in one folder; context in `BACKFLIP_*`. Null: there are none. */
export function folderHooks(folder: string | null, timeoutMs: number = TIMEOUT_MS): Hooks {
  return {
    isEmpty: folder === null,
    async run(name, context) {
      if (folder === null) return
      const path = join(folder, name)
      if (!(await isThere(path))) return
      const { runCommand } = await import('./run-command.ts')
      const env = { ...baseEnvironment(), ...toEnvironment(name, context) }
      const { exitCode, signal, stdout, stderr } = await runCommand([path], {
        timeoutMs,
        maxOutputBytes: OUTPUT_BYTES,
        env,
        cwd: folder,
      })
      if (exitCode === 0) return
      throw failure(name, `ended with ${signal ?? `exit code ${exitCode}`}`, `${stdout}\n${stderr}`)
    },
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    const { mode } = await files.stat(path)
    if ((mode & 0o111) === 0) throw failure(path, 'is not executable', '')
    if ((mode & 0o002) !== 0) throw failure(path, 'can be written by anybody', '')
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}

function failure(name: string, what: string, output: string): BackflipError {
  const details = output
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-SHOWN_LINES)
  return new BackflipError(`the hook ${name} ${what}`, {
    code: 'hook-failed',
    kind: 'failed',
    details,
    hint: 'mend the hook, then: the same command',
  })
}

function baseEnvironment(): { readonly [name: string]: string } {
  const known = ['PATH', 'HOME', 'LANG', 'TZ', 'USER'] as const
  return Object.fromEntries(
    known.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  )
}

function toEnvironment(hook: string, context: { readonly [key: string]: Json }): { readonly [name: string]: string } {
  const values = Object.entries(context).map(([key, value]) => [
    `BACKFLIP_${key.toUpperCase()}`,
    value === null ? '' : String(value),
  ])
  return { BACKFLIP_HOOK: hook, ...Object.fromEntries(values) }
}
