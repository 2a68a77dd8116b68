import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  buildDebianRoot,
  DISABLED,
  debianCodename,
  MASKED,
  OVERLAY,
  OVERLAY_FILES,
  PACKAGES,
  postgresVersion,
  WITHOUT,
} from '../../../examples/veza/create/debian-root.ts'
import { packImage, writeMetadata } from '../../../examples/veza/create/pack-image.ts'
import { cachedImage } from './image-cache.ts'

/** Of the example, and what keeps backups. */
const WITH_BACKUPS = [...PACKAGES, 'pgbackrest']
const POSTGRES = `listen_addresses = '*'\njit = off\n`
const ACCESS = 'host all all 10.88.0.0/16 trust\nhost replication all 10.88.0.0/16 trust\n'

/** The image of `examples/veza`, with a PostgreSQL that lets the bed's network in. About a minute the first time, then from the cache. */
export async function debianImage(): Promise<string> {
  const codename = debianCodename()
  const texts = OVERLAY_FILES.map((path) => readFileSync(join(OVERLAY, path), 'utf8'))
  const recipe = [1, codename, WITH_BACKUPS, WITHOUT, DISABLED, MASKED, POSTGRES, ACCESS, texts]
  return cachedImage('debian', recipe, async (work, file) => {
    console.log(`Building the Debian image of the tests (${codename}; about a minute, only the first time) …`)
    const root = join(work, 'rootfs')
    await buildDebianRoot(root, codename, WITH_BACKUPS)
    const folder = join(root, 'etc/postgresql', postgresVersion(root), 'main')
    writeFileSync(join(folder, 'conf.d/tests.conf'), POSTGRES)
    writeFileSync(join(folder, 'pg_hba.conf'), ACCESS, { flag: 'a' })
    writeMetadata(work, { os: `Debian ${codename}`, purpose: 'integration tests' })
    await packImage(work, file)
  })
}
