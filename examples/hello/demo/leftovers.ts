import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

const TRIES = 20
const WAIT_MS = 100

/** Ends whatever still runs out of `folder`, by its command line or its environment. Returns what it was, a line each. */
export async function endLeftovers(folder: string): Promise<readonly string[]> {
  const found = new Set<string>()
  for (let tried = 0; tried < TRIES; tried += 1) {
    const left = processesOf(folder)
    if (left.length === 0) break
    // What was told to stop may need a moment; the first look is no verdict.
    if (tried >= TRIES / 2) {
      for (const { pid, command } of left) {
        found.add(command)
        end(pid)
      }
    }
    await sleep(WAIT_MS)
  }
  return [...found]
}

export function processesOf(folder: string): readonly { readonly pid: number; readonly command: string }[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && pid !== process.pid)
    .flatMap((pid) => {
      const command = read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim()
      const isOurs = command.includes(folder) || read(`/proc/${pid}/environ`).includes(`BACKFLIP_STATE=${folder}`)
      return isOurs && command !== '' ? [{ pid, command }] : []
    })
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** Empty for a process that went away, or that is another user's. */
function read(file: string): string {
  try {
    return readFileSync(file, 'latin1')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ESRCH' || code === 'EACCES' || code === 'EPERM') return ''
    throw error
  }
}
