import { chmodSync, cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { mustRun } from './run.ts'

/** Laid over Debian's own files: a container gets its address from its configuration in Incus, or by DHCP. */
export const OVERLAY = fileURLToPath(new URL('./rootfs', import.meta.url))
export const OVERLAY_FILES = ['etc/systemd/system/incus-net.service', 'usr/local/sbin/incus-net', 'etc/udhcpc.script']
const BUILD_LIMIT_MS = 10 * 60_000
const STEP_LIMIT_MS = 60_000

export const PACKAGES = words(`
  systemd systemd-sysv dbus iproute2 procps busybox-static zstd libstdc++6
  haproxy socat postgresql`)
/** Nobody reads manuals there, and LLVM serves PostgreSQL's JIT only. */
export const WITHOUT = words(`
  /usr/share/man/* /usr/share/doc/* /usr/share/info/* /usr/share/locale/* /usr/share/i18n/*
  /usr/lib/*/libLLVM* /usr/lib/postgresql/*/lib/bitcode/* /usr/lib/postgresql/*/lib/llvmjit*`)
/** The image has no role: it is what is started in it. Timers and consoles would only disturb. */
export const DISABLED = words(
  'haproxy.service postgresql.service getty@.service remote-fs.target systemd-pstore.service',
)
export const MASKED = words(`
  apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer
  e2scrub_reap.service console-getty.service systemd-networkd.service systemd-timesyncd.service`)

export function debianCodename(): string {
  const release = readFileSync('/etc/os-release', 'utf8')
  const codename = /^VERSION_CODENAME=(\w+)$/m.exec(release)?.[1]
  if (codename === undefined || !/^ID=debian$/m.test(release))
    throw new Error('the Debian image is made on Debian only')
  return codename
}

/**
 * This machine's own Debian with systemd as process 1, HAProxy, socat, busybox and a PostgreSQL cluster with checksums, all of it stopped. From
 * the machine's own sources and keyrings; half a minute to a minute.
 */
export async function buildDebianRoot(root: string, codename: string, packages = PACKAGES): Promise<void> {
  await bootstrap(root, codename, packages)
  cpSync(OVERLAY, root, { recursive: true })
  for (const path of ['etc/udhcpc.script', 'usr/local/sbin/incus-net']) chmodSync(join(root, path), 0o755)
  writeFileSync(join(root, 'etc/machine-id'), '')
  await inRoot(root, ['systemctl', 'disable', ...DISABLED])
  await inRoot(root, ['systemctl', 'mask', ...MASKED])
  await inRoot(root, ['systemctl', 'enable', 'incus-net.service'])
  // Debian's own cluster `main`, made again with checksums: `pg_amcheck` and a verified restore want them.
  const version = postgresVersion(root)
  await inRoot(root, ['pg_dropcluster', version, 'main'])
  await inRoot(root, ['pg_createcluster', version, 'main', '--', '--data-checksums'])
}

export function postgresVersion(root: string): string {
  const version = readdirSync(join(root, 'etc/postgresql'))[0]
  if (version === undefined) throw new Error('the package made no cluster')
  return version
}

async function bootstrap(root: string, codename: string, packages: readonly string[]): Promise<void> {
  const sources = ['/etc/apt/sources.list', '/etc/apt/sources.list.d/debian.sources'].filter(existsSync)
  const options = WITHOUT.map((pattern) => `--dpkgopt=path-exclude=${pattern}`)
  const argv = [
    ...words('mmdebstrap --variant=minbase --mode=root --format=directory --quiet'),
    '--aptopt=Apt::Install-Recommends "false"',
    `--include=${packages.join(',')}`,
    ...options,
    codename,
    root,
    ...sources,
  ]
  await mustRun(argv, { limitMs: BUILD_LIMIT_MS })
}

async function inRoot(root: string, argv: readonly string[]): Promise<void> {
  const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C.UTF-8' }
  await mustRun(['chroot', root, ...argv], { limitMs: STEP_LIMIT_MS, env })
}

function words(text: string): readonly string[] {
  return text.trim().split(/\s+/)
}
