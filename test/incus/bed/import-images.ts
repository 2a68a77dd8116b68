import { type Bed, incusFolder } from './bed.ts'
import { busyboxImage } from './busybox-image.ts'
import { daemonEnvironment } from './daemon.ts'
import { debianImage } from './debian-image.ts'
import { runProgram } from './run-program.ts'

const IMPORT_LIMIT_MS = 120_000

/** Aliases of the images, for whoever makes a container. */
export const IMAGES = { busybox: 'bb', debian: 'debian' } as const

export async function importImages(bed: Bed): Promise<void> {
  await importImage(bed, await busyboxImage(), IMAGES.busybox)
  if (bed.hasDebian) await importImage(bed, await debianImage(), IMAGES.debian)
}

async function importImage(bed: Bed, file: string, alias: string): Promise<void> {
  await runProgram(['incus', 'image', 'import', file, '--alias', alias, '--quiet'], {
    env: daemonEnvironment(incusFolder(bed)),
    limitMs: IMPORT_LIMIT_MS,
  })
}
