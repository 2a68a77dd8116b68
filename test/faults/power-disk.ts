import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readdirSync, readFileSync, readlinkSync, renameSync } from 'node:fs'
import { basename, join } from 'node:path'
import { until } from '../edge/world.ts'

const SIZE_MEGABYTES = 32
/** Each copy takes milliseconds; one during which nothing was written comes soon. */
const MOST_COPIES = 200

/**
 * An ext4 of its own in a file, whose power can be cut: what is in the file at one instant is what a disk would hold, with everything that was not
 * flushed lost (research/reliability.md §6.4, "power cut").
 */
export interface PowerDisk {
  /** Where it is mounted, before and after each cut. */
  readonly folder: string
  /** Copies the disk as it is, ends everything that lives on it, and mounts the copy in its place. Says whether its own journal was replayed. */
  readonly cut: () => Promise<{ readonly neededRecovery: boolean }>
  readonly close: () => Promise<void>
}

export function powerDisk(base: string): PowerDisk {
  const [folder, image, copy] = ['disk', 'image', 'copy'].map((name) => join(base, name)) as [string, string, string]
  mkdirSync(folder, { mode: 0o700 })
  run('truncate', '-s', `${SIZE_MEGABYTES}M`, image)
  run('mkfs.ext4', '-q', '-F', image)
  const mount = () => run('mount', '-o', 'loop', image, folder)
  mount()
  run('chmod', '0700', folder)
  return {
    folder,
    async cut() {
      copyAtOneInstant(folder, image, copy)
      await takeOff(folder)
      renameSync(copy, image)
      const neededRecovery = run('dumpe2fs', '-h', image).includes('needs_recovery')
      mount()
      return { neededRecovery }
    },
    async close() {
      await takeOff(folder)
    },
  }
}

function run(file: string, ...args: readonly string[]): string {
  return execFileSync(file, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

/** A copy takes a while, so it counts only when the device was written neither during it nor at its ends. */
function copyAtOneInstant(folder: string, image: string, copy: string): void {
  const device = basename(run('findmnt', '-no', 'SOURCE', folder).trim())
  const writes = () => {
    const fields = readFileSync(`/sys/block/${device}/stat`, 'utf8').trim().split(/\s+/)
    // Completed writes and flushes, and what is in flight (Documentation/block/stat.rst).
    return { done: `${fields[4]} ${fields[15]}`, inFlight: Number(fields[8]) }
  }
  for (let tries = 0; tries < MOST_COPIES; tries += 1) {
    const before = writes()
    copyFileSync(image, copy)
    if (before.inFlight === 0 && writes().done === before.done) return
  }
  throw new Error('the disk was never quiet for as long as a copy takes')
}

/** With the power everything goes: whoever works in the folder or was started with a path in it. The kernel lets go of files a moment later. */
async function takeOff(folder: string): Promise<void> {
  await until(async () => {
    for (const pid of processesOn(folder)) process.kill(pid, 'SIGKILL')
    return spawnSync('umount', [folder], { stdio: 'ignore' }).status === 0
  })
}

function processesOn(folder: string): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => isOn(folder, pid))
    .map(Number)
}

function isOn(folder: string, pid: string): boolean {
  try {
    const cwd = readlinkSync(`/proc/${pid}/cwd`)
    if (cwd === folder || cwd.startsWith(`${folder}/`)) return true
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`${folder}/`)
  } catch (error) {
    // It ended meanwhile, or it is one that not even root may look into: none of ours.
    if (['ENOENT', 'ESRCH', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '')) return false
    throw error
  }
}
