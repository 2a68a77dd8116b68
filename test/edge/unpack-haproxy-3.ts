import { spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const CACHE = fileURLToPath(new URL('../../.cache/', import.meta.url))
const RELEASE = 'trixie'
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg'
/** HAProxy, and every library of that release that an older system lacks or has too old. */
const PACKAGES = [
  'haproxy',
  'libc6',
  'libcrypt1',
  'libgcc-s1',
  'libjemalloc2',
  'liblua5.4-0',
  'libopentracing-c-wrapper0t64',
  'libopentracing1',
  'libpcre2-8-0',
  'libssl3t64',
  'libstdc++6',
  'libzstd1',
  'zlib1g',
]
const LIMIT_MS = 90_000

/** Where HAProxy 3 is, or in one sentence why it cannot be had here. */
export type Haproxy3 = { readonly binary: string } | { readonly missing: string }

/**
 * Debian 13's own package, unpacked (never installed) below `.cache/`, from the mirror that this system's apt uses already. Once; a later
 * run finds it.
 */
export function unpackHaproxy3(): Haproxy3 {
  const folder = join(CACHE, 'haproxy-3')
  const binary = join(folder, 'haproxy')
  if (runs(binary)) return { binary }
  const mirror = debianMirror()
  if (mirror === null) return { missing: 'apt on this system names no Debian mirror' }
  if (process.arch !== 'x64') return { missing: `its loader is not known for ${process.arch}` }
  mkdirSync(CACHE, { recursive: true })
  const fresh = mkdtempSync(`${folder}.`)
  const problem = download(fresh, mirror)
  if (problem !== null) {
    rmSync(fresh, { recursive: true })
    return { missing: problem }
  }
  writeStarter(fresh, folder)
  // Renamed as a whole: a run that is cut off leaves no half a HAProxy, and of two runs at once the second finds the first one's.
  if (!runs(binary)) rmSync(folder, { recursive: true, force: true })
  if (existsSync(folder)) rmSync(fresh, { recursive: true })
  else renameSync(fresh, folder)
  return runs(binary) ? { binary } : { missing: 'it was unpacked and does not run on this system' }
}

function versionOf(binary: string): string {
  return /version (\S+)/.exec(spawnSync(binary, ['-v'], { encoding: 'utf8' }).stdout ?? '')?.[1] ?? ''
}

function runs(binary: string): boolean {
  return versionOf(binary) !== ''
}

/** The first address in apt's sources that is Debian's own archive, whichever mirror that is here. */
function debianMirror(): string | null {
  const folder = '/etc/apt/sources.list.d'
  const files = [
    '/etc/apt/sources.list',
    ...(existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : []),
  ]
  const texts = files.filter((file) => existsSync(file)).map((file) => readFileSync(file, 'utf8'))
  const lines = texts.flatMap((text) => text.split('\n')).filter((line) => !line.trimStart().startsWith('#'))
  const addresses = lines
    .flatMap((line) => line.split(/\s+/))
    .filter((word) => /^https?:\/\/\S+\/debian\/?$/.test(word))
  return addresses[0] ?? null
}

/** Null, or why not. Apt with lists, cache and sources of its own: the system's are not touched. */
function download(folder: string, mirror: string): string | null {
  for (const name of ['lists/partial', 'cache/archives/partial', 'root'])
    mkdirSync(join(folder, name), { recursive: true })
  writeFileSync(join(folder, 'sources.list'), `deb [signed-by=${KEYRING}] ${mirror} ${RELEASE} main\n`)
  const options = [
    `Dir::Etc::sourcelist=${folder}/sources.list`,
    'Dir::Etc::sourceparts=-',
    `Dir::State::lists=${folder}/lists`,
    `Dir::Cache=${folder}/cache`,
    'APT::Sandbox::User=root',
    'Acquire::http::Timeout=10',
    'Acquire::Retries=1',
  ].flatMap((option) => ['-o', option])
  for (const ask of [['update'], ['download', ...PACKAGES]]) {
    const { status, stderr } = spawnSync('apt-get', [...options, ...ask], {
      cwd: folder,
      encoding: 'utf8',
      timeout: LIMIT_MS,
    })
    if (status !== 0) return `apt-get ${ask[0] ?? ''} failed: ${stderr?.trim().split('\n')[0] ?? 'it is not there'}`
  }
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.deb'))) {
    const { status } = spawnSync('dpkg', ['-x', join(folder, file), join(folder, 'root')])
    if (status !== 0) return `dpkg cannot unpack ${file}`
    rmSync(join(folder, file))
  }
  for (const name of ['lists', 'cache']) rmSync(join(folder, name), { recursive: true })
  return null
}

/** Its own loader and libraries; `--argv0`, because the master starts itself again by that name at a reload. */
function writeStarter(fresh: string, folder: string): void {
  const root = join(folder, 'root/usr')
  const starter = `#!/bin/sh
exec ${root}/lib64/ld-linux-x86-64.so.2 --argv0 "$0" --library-path ${root}/lib/x86_64-linux-gnu ${root}/sbin/haproxy "$@"
`
  writeFileSync(join(fresh, 'haproxy'), starter, { mode: 0o755 })
}
