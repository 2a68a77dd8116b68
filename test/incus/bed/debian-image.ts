import { chmodSync, copyFileSync, cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cachedImage } from './image-cache.ts'
import { packImage, writeMetadata } from './image-metadata.ts'
import { runProgram } from './run-program.ts'

const SCRIPTS = fileURLToPath(new URL('./debian-rootfs', import.meta.url))
const UDHCPC = fileURLToPath(new URL('./busybox-rootfs/etc/udhcpc.script', import.meta.url))
const BUILD_LIMIT_MS = 10 * 60_000
const STEP_LIMIT_MS = 60_000

const PACKAGES = words(`
  systemd systemd-sysv dbus iproute2 procps busybox-static zstd libstdc++6
  haproxy socat postgresql`)
/** Nobody reads manuals there, and LLVM serves PostgreSQL's JIT only, which is off. */
const WITHOUT = words(`
  /usr/share/man/* /usr/share/doc/* /usr/share/info/* /usr/share/locale/* /usr/share/i18n/*
  /usr/lib/*/libLLVM* /usr/lib/postgresql/*/lib/bitcode/* /usr/lib/postgresql/*/lib/llvmjit*`)
/** The image has no role: it is what is started in it. Timers and consoles would only disturb. */
const DISABLED = words('haproxy.service postgresql.service getty@.service remote-fs.target systemd-pstore.service')
const MASKED = words(`
  apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer
  e2scrub_reap.service console-getty.service systemd-networkd.service systemd-timesyncd.service`)
const POSTGRES = `listen_addresses = '*'\njit = off\n`
const ACCESS = 'host all all 10.88.0.0/16 trust\nhost replication all 10.88.0.0/16 trust\n'

/**
 * This machine's own Debian with systemd as process 1, HAProxy, socat and a PostgreSQL cluster with checksums, all of it stopped. From the
 * machine's own sources and keyrings. About a minute the first time, then from the cache.
 */
export async function debianImage(): Promise<string> {
  const release = readFileSync('/etc/os-release', 'utf8')
  const codename = /^VERSION_CODENAME=(\w+)$/m.exec(release)?.[1]
  if (codename === undefined || !/^ID=debian$/m.test(release))
    throw new Error('the Debian image is made on Debian only')
  const texts = [...filesBelow(SCRIPTS), UDHCPC].map((file) => readFileSync(file, 'utf8'))
  const recipe = [1, codename, PACKAGES, WITHOUT, DISABLED, MASKED, POSTGRES, ACCESS, texts]
  return cachedImage('debian', recipe, async (work, file) => {
    console.log(`Building the Debian image of the tests (${codename}; about a minute, only the first time) …`)
    const root = join(work, 'rootfs')
    await bootstrap(root, codename)
    cpSync(SCRIPTS, root, { recursive: true })
    copyFileSync(UDHCPC, join(root, 'etc/udhcpc.script'))
    for (const path of ['etc/udhcpc.script', 'usr/local/sbin/incus-net']) chmodSync(join(root, path), 0o755)
    writeFileSync(join(root, 'etc/machine-id'), '')
    await inRoot(root, ['systemctl', 'disable', ...DISABLED])
    await inRoot(root, ['systemctl', 'mask', ...MASKED])
    await inRoot(root, ['systemctl', 'enable', 'incus-net.service'])
    await makeCluster(root)
    writeMetadata(work, `Debian ${codename}`)
    await packImage(work, file)
  })
}

async function bootstrap(root: string, codename: string): Promise<void> {
  const sources = ['/etc/apt/sources.list', '/etc/apt/sources.list.d/debian.sources'].filter(existsSync)
  const options = WITHOUT.map((pattern) => `--dpkgopt=path-exclude=${pattern}`)
  const argv = [
    ...words('mmdebstrap --variant=minbase --mode=root --format=directory --quiet'),
    '--aptopt=Apt::Install-Recommends "false"',
    `--include=${PACKAGES.join(',')}`,
    ...options,
    codename,
    root,
    ...sources,
  ]
  await runProgram(argv, { limitMs: BUILD_LIMIT_MS })
}

/** Debian's own cluster `main`, made again with checksums: `pg_amcheck` and a verified restore want them. */
async function makeCluster(root: string): Promise<void> {
  const version = readdirSync(join(root, 'etc/postgresql'))[0]
  if (version === undefined) throw new Error('the package made no cluster')
  await inRoot(root, ['pg_dropcluster', version, 'main'])
  await inRoot(root, ['pg_createcluster', version, 'main', '--', '--data-checksums'])
  const folder = join(root, 'etc/postgresql', version, 'main')
  writeFileSync(join(folder, 'conf.d/tests.conf'), POSTGRES)
  writeFileSync(join(folder, 'pg_hba.conf'), ACCESS, { flag: 'a' })
}

async function inRoot(root: string, argv: readonly string[]): Promise<void> {
  const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C.UTF-8' }
  await runProgram(['chroot', root, ...argv], { limitMs: STEP_LIMIT_MS, env })
}

function filesBelow(folder: string): readonly string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}

function words(text: string): readonly string[] {
  return text.trim().split(/\s+/)
}
