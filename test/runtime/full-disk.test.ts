import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { readdir, rm, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { launchAsk, launched, operation, RELEASE_A, RELEASE_B } from '../contract/runtime.ts'
import { call, faultIn, leadersOf } from './call.ts'
import { type ProcessWorld, processWorld } from './process-world.ts'

const SIZE_BYTES = 512 * 1024

/** A real small file system needs root and the right to mount; false where we have neither, and then only the injected fault is tried. */
function mountSmall(folder: string): boolean {
  mkdirSync(folder, { mode: 0o700 })
  if (process.geteuid?.() !== 0) return false
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE_BYTES},mode=700`, 'tmpfs', folder], { stdio: 'ignore' })
    return true
  } catch (error) {
    if (error instanceof Error) return false
    throw error
  }
}

describe('process runtime: a full disk', () => {
  let world: ProcessWorld
  let mounted = false
  beforeEach(async () => {
    world = await processWorld()
    mounted = mountSmall(world.stateFolder)
  })
  afterEach(async () => {
    const { stateFolder } = world
    try {
      await rm(join(stateFolder, 'ballast'), { force: true })
      await world.open().remove({ color: 'blue', fencedBy: 1_000_000 })
      await world.open().remove({ color: 'green', fencedBy: 1_000_000 })
    } finally {
      // Lazily: what was ended is no process any more before its log is closed, and until then the file system is busy.
      if (mounted) execFileSync('umount', ['--lazy', stateFolder])
      mounted = false
      await world.close()
    }
  })

  test('I5: no room for the record of what was just started: it is ended again, the other color runs on', {
    timeout: 30_000,
  }, async () => {
    const release = await world.release(RELEASE_A, { web: { behaviour: 'serve' } })
    await launched(world.open(), launchAsk(release, 'green', 1))
    const ask = launchAsk(release, 'blue', 2)
    const fault = faultIn(world, '.shop-test-web-blue.json.', 'no-room')
    const { ended } = await call(world, { unpack: ask, start: ask, fault })
    expect((await ended).said?.error).toMatchObject({ code: 'disk-full', kind: 'failed' })
    expect(fault.wasReached()).toBe(true)
    expect(leadersOf(world)).toHaveLength(1)
    expect(await world.open().list()).toMatchObject([{ name: 'shop-test-web-green', state: 'running' }])
    expect(await world.open().start(ask)).toMatchObject({ instances: [{ state: 'running' }] })
  })

  test('I5: no room to unpack: nothing is left of it, and it works once there is room', {
    timeout: 30_000,
  }, async () => {
    const release = await world.release(RELEASE_A, { web: { behaviour: 'serve' } })
    const [instance] = await launched(world.open(), launchAsk(release, 'green', 1))
    const big = await world.release(RELEASE_B, { web: { behaviour: 'serve' } })
    const ask = launchAsk(big, 'blue', 2)
    let reached = false
    const runtime = world.open({
      unpack: async (archive, folder) => {
        await world.options.unpack(archive, folder)
        const { bavail, bsize } = await statfs(world.stateFolder)
        reached = true
        // The real thing where the state folder is a small file system of its own, else what the kernel would say.
        if (mounted) await writeFile(join(folder, 'payload'), Buffer.alloc(bavail * bsize + 1))
        else throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
      },
    })
    await expect(runtime.unpack(ask)).rejects.toMatchObject({ code: 'disk-full', kind: 'failed' })
    expect(reached).toBe(true)
    expect(await readdir(join(world.stateFolder, 'colors'))).not.toContain(operation(2))
    expect(
      (await readdir(join(world.stateFolder, 'generations'), { recursive: true })).filter((name) =>
        name.includes('partial'),
      ),
    ).toEqual([])
    expect(await world.open().list()).toEqual([instance])
    await launched(world.open(), ask)
    expect(await world.open().list()).toHaveLength(2)
  })

  test('I9: with no byte left list still answers, and stop still stops', { timeout: 30_000 }, async (context) => {
    const release = await world.release(RELEASE_A, { web: { behaviour: 'serve' } })
    await launched(world.open(), launchAsk(release, 'blue', 1))
    if (!mounted) await context.annotate('no right to mount: the disk of this run is not full')
    const ballast = join(world.stateFolder, 'ballast')
    let full = false
    for (let attempt = 0; mounted && attempt < SIZE_BYTES / 4_096 && !full; attempt += 1) {
      try {
        await writeFile(ballast, Buffer.alloc(4_096), { flag: 'a' })
      } catch (error) {
        full = (error as NodeJS.ErrnoException).code === 'ENOSPC'
      }
    }
    expect(full).toBe(mounted)
    expect(await world.open().list()).toMatchObject([{ state: 'running' }])
    await world.open().stop({ color: 'blue', fencedBy: 1 })
    expect(leadersOf(world)).toEqual([])
    expect(await world.open().list()).toMatchObject([{ state: 'stopped' }])
  })
})
