import { createHash } from 'node:crypto'
import { chmodSync, copyFileSync, cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { OVERLAY } from '../../../examples/veza/create/debian-root.ts'
import { packImage, writeMetadata } from '../../../examples/veza/create/pack-image.ts'
import { findOnPath } from './find-on-path.ts'
import { cachedImage } from './image-cache.ts'
import { runProgram } from './run-program.ts'

const SCRIPTS = fileURLToPath(new URL('./busybox-rootfs', import.meta.url))
/** Also the Debian image's. */
const UDHCPC = join(OVERLAY, 'etc/udhcpc.script')
const FOLDERS = [
  'bin',
  'sbin',
  'dev',
  'proc',
  'sys',
  'run',
  'etc/rc.d',
  'root',
  'var/log',
  'usr/bin',
  'usr/sbin',
  'srv/www',
]

/**
 * The smallest thing that is a container: the host's static busybox and a shell as process 1 (research/incus.md §2.2; busybox' own init takes
 * three seconds to stop). With the host's socat, so that sockets can be asked there too.
 */
export async function busyboxImage(): Promise<string> {
  const busybox = findOnPath('busybox')
  const socat = findOnPath('socat')
  if (busybox === null || socat === null) throw new Error('the image needs busybox-static and socat on this host')
  const libraries = await librariesOf(socat)
  const files = [join(SCRIPTS, 'sbin/init'), UDHCPC, join(SCRIPTS, 'etc/rc.d/httpd')]
  const scripts = files.map((path) => readFileSync(path, 'utf8'))
  const recipe = [2, scripts, [busybox, socat, ...libraries].map(hashOf)]
  return cachedImage('busybox', recipe, async (work, file) => {
    const root = join(work, 'rootfs')
    for (const folder of FOLDERS) mkdirSync(join(root, folder), { recursive: true })
    mkdirSync(join(root, 'tmp'))
    chmodSync(join(root, 'tmp'), 0o1777)
    for (const folder of [work, root]) chmodSync(folder, 0o755)
    copyFileSync(busybox, join(root, 'bin/busybox'))
    for (const applet of (await runProgram([busybox, '--list'], { limitMs: 10_000 })).trim().split('\n'))
      if (applet !== 'busybox') symlinkSync('busybox', join(root, 'bin', applet))
    for (const path of [socat, ...libraries]) {
      const to = join(root, path.startsWith('/usr/bin/') ? path.slice('/usr'.length) : path)
      mkdirSync(dirname(to), { recursive: true })
      copyFileSync(path, to)
    }
    cpSync(SCRIPTS, root, { recursive: true })
    copyFileSync(UDHCPC, join(root, 'etc/udhcpc.script'))
    for (const path of ['sbin/init', 'etc/udhcpc.script']) chmodSync(join(root, path), 0o755)
    writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n')
    writeFileSync(join(root, 'etc/group'), 'root:x:0:\n')
    writeFileSync(join(root, 'srv/www/index.html'), 'ok\n')
    writeMetadata(work, { os: 'busybox', purpose: 'integration tests' })
    await packImage(work, file)
  })
}

/** Full paths of the libraries that the loader would take, the loader among them. */
async function librariesOf(program: string): Promise<readonly string[]> {
  const text = await runProgram(['ldd', program], { limitMs: 10_000 })
  return text.split('\n').flatMap((line) => /(?:=> )?(\/\S+) \(0x/.exec(line)?.[1] ?? [])
}

function hashOf(path: string): string {
  return `${basename(path)} ${createHash('sha256').update(readFileSync(path)).digest('hex')}`
}
