import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { processStart } from '../../../src/lib/proc.ts'
import { BED_PREFIX, BEDS_FOLDER, type Bed, incusFolder } from './bed.ts'
import { shutDaemonDown, startDaemon } from './daemon.ts'
import { importImages } from './import-images.ts'
import { initialize } from './initialize.ts'
import { makeNamespaces } from './namespaces.ts'
import { removeFolder, sweepControlGroups, sweepDeadBeds } from './sweep.ts'

export interface OwnBed extends Bed {
  /** Stops everything and removes every trace. */
  stop(): Promise<void>
}

/** A daemon with network, pools and images, in about five seconds once the images are built. It ends with this process, however that ends. */
export async function startBed(ask: { readonly debian: boolean }): Promise<OwnBed> {
  sweepDeadBeds()
  const folder = join(BEDS_FOLDER, `${BED_PREFIX}${process.pid}`)
  mkdirSync(folder, { mode: 0o711 })
  mkdirSync(incusFolder({ folder }), { mode: 0o711 })
  writeFileSync(join(folder, 'owner.json'), JSON.stringify({ pid: process.pid, start: processStart(process.pid) }))
  const namespaces = await makeNamespaces(folder)
  const bed: Bed = { folder, initPid: namespaces.initPid, hasDebian: ask.debian }
  const stop = async () => {
    // Politely first: LXC then removes its control groups itself.
    await shutDaemonDown(bed).catch((error: unknown) =>
      console.error(`the daemon did not stop by itself: ${String(error)}`),
    )
    await namespaces.end()
    removeFolder(folder)
    sweepControlGroups()
  }
  try {
    await startDaemon(bed)
    await initialize(bed)
    await importImages(bed)
    return { ...bed, stop }
  } catch (error) {
    await namespaces.end()
    removeFolder(folder)
    throw error
  }
}
