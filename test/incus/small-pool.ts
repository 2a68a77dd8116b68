import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { perform } from '../../src/drivers/incus/operations.ts'
import { enter } from './bed/bed.ts'
import { runProgram } from './bed/run-program.ts'
import type { IncusWorld } from './world.ts'

const LIMIT_MS = 10_000

/** A pool of driver `dir`, which copies file by file, on a file system of its own in memory, which the daemon sees, so that it can be filled. */
export interface SmallPool {
  readonly name: string
  /** When nothing lies in it any more. */
  readonly remove: () => Promise<void>
}

export async function smallPool({ bed, client, folder }: IncusWorld, sizeMiB: number): Promise<SmallPool> {
  const name = `small-${client.project}`
  const place = join(folder, 'small')
  const [program, ...args] = enter(bed, 'all')
  const inBed = (argv: readonly string[]) => runProgram([program, ...args, ...argv], { limitMs: LIMIT_MS })
  mkdirSync(place, { recursive: true })
  await inBed(['mount', '-t', 'tmpfs', '-o', `size=${sizeMiB}m`, 'tmpfs', place])
  const body = { name, driver: 'dir', config: { source: place } }
  await perform(client, { method: 'POST', path: '/storage-pools', body, limitMs: LIMIT_MS })
  return {
    name,
    async remove() {
      await perform(client, { method: 'DELETE', path: `/storage-pools/${name}`, limitMs: LIMIT_MS })
      await inBed(['umount', place])
    },
  }
}
