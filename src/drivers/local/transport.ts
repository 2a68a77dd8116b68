import { closeSync, fstatSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { BackflipError } from '../../domain/errors.ts'
import { syncFolder, writeFileAtomic } from '../../lib/atomic-file.ts'
import { diskFull } from '../../lib/disk-full.ts'
import type { Transport } from '../../ports/transport.ts'
import { askSocket } from './ask-socket.ts'

const DEFAULT_FILE_BYTES = 16 * 1024 * 1024

/** This host itself. */
export function localTransport(): Transport {
  return {
    // Loaded where something is run: a flip runs nothing.
    run: async (argv, ask) => (await import('./run-command.ts')).runCommand(argv, ask),
    async spawnDetached(argv, { log }) {
      const { spawnDetached } = await import('./spawn-detached.ts')
      return { pid: await spawnDetached(argv, log) }
    },
    readFile,
    async writeFileAtomic(path, bytes, ask) {
      try {
        await writeFileAtomic(path, bytes, ask)
      } catch (error) {
        throw diskFull(error, path) ?? error
      }
    },
    async rename(from, to) {
      renameSync(from, to)
      await syncFolder(dirname(to))
      if (dirname(from) !== dirname(to)) await syncFolder(dirname(from))
    },
    async makeFolder(path, ask = {}) {
      mkdirSync(path, { recursive: true, mode: ask.mode ?? 0o700 })
    },
    async listFolder(path) {
      try {
        return readdirSync(path).sort()
      } catch (error) {
        return nullWhenAbsent(error)
      }
    },
    async remove(path) {
      rmSync(path, { recursive: true, force: true })
    },
    askSocket,
  }
}

/** Small files, read in one go: the thread pool costs more than the disk's cache (docs/decisions/0006-start-up.md). */
async function readFile(path: string, ask: { readonly maxBytes?: number } = {}): Promise<Uint8Array | null> {
  const maxBytes = ask.maxBytes ?? DEFAULT_FILE_BYTES
  try {
    const file = openSync(path, 'r')
    try {
      const { size } = fstatSync(file)
      if (size > maxBytes) {
        throw new BackflipError(`${path} has ${size} bytes, and at most ${maxBytes} are read`, {
          code: 'file-too-large',
          kind: 'failed',
        })
      }
      return readFileSync(file)
    } finally {
      closeSync(file)
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
