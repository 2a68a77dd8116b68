import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { BackflipError } from '../../domain/errors.ts'
import { syncFolder, writeFileAtomic } from '../../lib/atomic-file.ts'
import type { Transport } from '../../ports/transport.ts'
import { askSocket } from './ask-socket.ts'
import { runCommand } from './run-command.ts'

const DEFAULT_FILE_BYTES = 16 * 1024 * 1024

/** This host itself. */
export function localTransport(): Transport {
  return {
    run: (argv, ask) => runCommand(argv, ask),
    async spawnDetached(argv, { log }) {
      return { pid: await spawnDetached(argv, log) }
    },
    readFile,
    writeFileAtomic,
    async rename(from, to) {
      await rename(from, to)
      await syncFolder(dirname(to))
      if (dirname(from) !== dirname(to)) await syncFolder(dirname(from))
    },
    async makeFolder(path, ask = {}) {
      await mkdir(path, { recursive: true, mode: ask.mode ?? 0o700 })
    },
    async listFolder(path) {
      try {
        return (await readdir(path)).sort()
      } catch (error) {
        return nullWhenAbsent(error)
      }
    },
    async remove(path) {
      await rm(path, { recursive: true, force: true })
    },
    askSocket,
  }
}

async function readFile(path: string, ask: { readonly maxBytes?: number } = {}): Promise<Uint8Array | null> {
  const maxBytes = ask.maxBytes ?? DEFAULT_FILE_BYTES
  try {
    const file = await open(path, 'r')
    try {
      const { size } = await file.stat()
      if (size > maxBytes)
        throw new BackflipError(`${path} has ${size} bytes, and at most ${maxBytes} are read`, {
          code: 'file-too-large',
          kind: 'failed',
        })
      return await file.readFile()
    } finally {
      await file.close()
    }
  } catch (error) {
    return nullWhenAbsent(error)
  }
}

function nullWhenAbsent(error: unknown): null {
  const { code } = error as NodeJS.ErrnoException
  // ESRCH: a file below /proc whose process ended between open and read.
  if (code === 'ENOENT' || code === 'ESRCH') return null
  throw error
}

/** A session of its own, nothing inherited but the log: it outlives us and does not hold our locks (research/reliability.md §6.1). */
async function spawnDetached(argv: readonly string[], log: string): Promise<number> {
  const [file, ...args] = argv
  if (file === undefined) throw new Error('an empty command')
  const output = openSync(log, 'a', 0o600)
  try {
    const child = spawn(file, args, { detached: true, stdio: ['ignore', output, output] })
    const pid = await new Promise<number>((resolve, reject) => {
      child.once('error', (cause) =>
        reject(new BackflipError(`${file} cannot be started`, { code: 'command-failed', kind: 'failed', cause })),
      )
      child.once('spawn', () => resolve(child.pid ?? 0))
    })
    child.unref()
    return pid
  } finally {
    closeSync(output)
  }
}
