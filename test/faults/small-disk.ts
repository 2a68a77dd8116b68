import { execFileSync } from 'node:child_process'
import { mkdirSync, rmdirSync } from 'node:fs'

/** A file system of its own, so that it can be filled. Needs root and the right to mount; without, an error that says so. */
export interface SmallDisk {
  readonly folder: string
  readonly close: () => void
}

export function smallDisk(folder: string, megabytes: number): SmallDisk {
  mkdirSync(folder, { mode: 0o700 })
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=700`, 'tmpfs', folder], { stdio: 'pipe' })
  } catch (cause) {
    rmdirSync(folder)
    throw new Error('a small file system cannot be mounted: these tests need root and the right to mount', { cause })
  }
  return {
    folder,
    close: () => {
      // Lazily: what was ended on it may not have closed its files yet.
      execFileSync('umount', ['--lazy', folder])
      rmdirSync(folder)
    },
  }
}
