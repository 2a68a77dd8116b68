import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildDebianRoot, debianCodename } from './debian-root.ts'
import type { Incus } from './incus.ts'
import { packImage, writeMetadata } from './pack-image.ts'

/** The one image of all containers, built when its alias is not there: from this host's own Debian sources, no image server is asked. */
export async function provideImage(incus: Incus, alias: string): Promise<void> {
  if (await incus.knows(['image', 'show', alias])) return
  const codename = debianCodename()
  console.log(`building the image ${alias} (Debian ${codename}; a minute) …`)
  const work = mkdtempSync(join(tmpdir(), 'veza-image-'))
  try {
    await buildDebianRoot(join(work, 'rootfs'), codename)
    writeMetadata(work, { os: `Debian ${codename}`, purpose: 'veza' })
    const file = join(work, 'image.tar')
    await packImage(work, file)
    await incus.must(['image', 'import', file, '--alias', alias, '--quiet'])
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}
