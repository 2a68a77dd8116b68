import { type Dirent, readdirSync, readFileSync, rmdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { isSameProcess, processStart } from '../../../src/lib/proc.ts'
import { BED_PREFIX, BEDS_FOLDER } from './bed.ts'

const CGROUPS = '/sys/fs/cgroup'
/** A container that starts has an empty group for an instant. */
const OLD_MS = 5_000

/** Removes what runs that were killed left on the disk: their processes, mounts and network ended with them. */
export function sweepDeadBeds(): void {
  for (const name of readdirSync(BEDS_FOLDER)) {
    const folder = join(BEDS_FOLDER, name)
    if (name.startsWith(BED_PREFIX) && !isOwned(folder)) removeFolder(folder)
  }
  sweepControlGroups()
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 10 })
}

function isOwned(folder: string): boolean {
  try {
    const { pid, start } = JSON.parse(readFileSync(join(folder, 'owner.json'), 'utf8')) as {
      pid: number
      start: string
    }
    return isSameProcess(pid, start)
  } catch (error) {
    // Made an instant ago, or cut off then: the pid in the name decides.
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT')
      return processStart(Number(folder.slice(folder.lastIndexOf('-') + 1))) !== null
    throw error
  }
}

/** LXC leaves its groups behind when it is killed. They have no owner's name, but one with a process in it cannot be removed; the one it
 * moves itself through (`lxc.pivot`) stays after every end. */
export function sweepControlGroups(): void {
  const roots = [CGROUPS, ...foldersIn(CGROUPS).map(({ name }) => join(CGROUPS, name))]
  for (const root of roots) {
    for (const { name } of foldersIn(root)) {
      const group = join(root, name)
      const isLeft = name === 'lxc.pivot' || (/^lxc\.(payload|monitor)\./.test(name) && !isYoung(group))
      if (isLeft) removeGroup(group)
    }
  }
}

function removeGroup(group: string): void {
  for (const { name } of foldersIn(group)) removeGroup(join(group, name))
  try {
    rmdirSync(group)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'EBUSY' && code !== 'ENOENT' && code !== 'ENOTEMPTY') throw error
  }
}

function foldersIn(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

function isYoung(group: string): boolean {
  const made = statSync(group, { throwIfNoEntry: false })?.mtimeMs
  return made === undefined || Date.now() - made < OLD_MS
}
