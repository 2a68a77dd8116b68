import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { BackflipError, refusal } from '../../domain/errors.ts'
import type { Transport } from '../../ports/transport.ts'
import { libraryLinks, type PostgresBinaries } from './find-postgres.ts'
import type { ServerAddress } from './session.ts'

export interface ClusterAsk {
  readonly binaries: PostgresBinaries
  /** Kept between runs: the server's data, with the templates in it. */
  readonly folder: string
  readonly transport: Transport
}

export interface RunningCluster {
  readonly address: ServerAddress
  readonly stop: () => Promise<void>
}

/** Who owns the data: the role is a superuser there, and nobody else can reach the socket's folder. */
const ROLE = 'backflip'

/** Nothing in it is worth a wait for the disk: what a power cut leaves is made again. `autovacuum` would scan and lock beside what is measured. */
const SETTINGS = [
  'listen_addresses=',
  'fsync=off',
  'full_page_writes=off',
  'synchronous_commit=off',
  'autovacuum=off',
  'wal_level=minimal',
  'max_wal_senders=0',
  'shared_buffers=64MB',
  'max_connections=20',
  'jit=off',
]

/** Short: a socket's path has at most 107 bytes. */
const SOCKETS = 'bf-shadow-'
const SHORT_MS = 30_000
const INIT_MS = 120_000

/** By a name that only we give: what does not start is removed, and the folder of a PostgreSQL that somebody runs is often called by its version. */
export function clusterFolder(cacheFolder: string, major: number): string {
  return join(cacheFolder, `backflip-shadow-${major}`)
}

/** Starts a server of our own on a cached data folder; makes one where there is none, or where the last one does not start. */
export async function startCluster(ask: ClusterAsk): Promise<RunningCluster> {
  const owner = await ownerOf(ask.transport)
  const run = runner(ask, owner)
  prepareFolder(ask, owner)
  const data = join(ask.folder, 'data')
  await endLeftover(run, data)
  const socketFolder = mkdtempSync(join(tmpdir(), SOCKETS))
  own(socketFolder, owner)
  const remove = () => rmSync(socketFolder, { recursive: true, force: true })
  try {
    if (!existsSync(join(data, 'PG_VERSION')) || !(await start(run, data, socketFolder))) {
      rmSync(data, { recursive: true, force: true })
      await initialize(run, data)
      if (!(await start(run, data, socketFolder))) throw notStarted(data)
    }
  } catch (error) {
    remove()
    throw error
  }
  return {
    address: { socketFolder, user: ROLE },
    async stop() {
      // `fast` ends its sessions and writes everything out, so that the next start has nothing to recover.
      const { exitCode } = await stopServer(run, data, 'fast')
      if (exitCode !== 0) await stopServer(run, data, 'immediate')
      remove()
    },
  }
}

type Run = ReturnType<typeof runner>

/** Tools run with an environment of their own: PGHOST and the like name somebody else's server. */
function runner({ binaries, folder, transport }: ClusterAsk, owner: Owner | null) {
  const become = owner === null ? [] : ['runuser', '-u', owner.name, '--']
  // Its user may not enter root's folder; BSD's env knows no -C, and there nobody changes users.
  const folderToStand = owner === null ? [] : ['-C', '/']
  const libraries = `${join(folder, 'lib')}:${join(dirname(binaries.folder), 'lib')}`
  const variables = ['LC_ALL=C', 'TZ=UTC', 'PATH=/usr/bin:/bin', `LD_LIBRARY_PATH=${libraries}`]
  return (tool: string, args: readonly string[], timeoutMs: number) =>
    transport.run([...become, 'env', '-i', ...folderToStand, ...variables, join(binaries.folder, tool), ...args], {
      timeoutMs,
    })
}

interface Owner {
  readonly name: string
  readonly uid: number
  readonly gid: number
}

/** The server refuses root. Debian's package makes a user that is for this; null: we are not root, and stay who we are. */
async function ownerOf(transport: Transport): Promise<Owner | null> {
  if (process.getuid?.() !== 0) return null
  const { stdout } = await transport.run(['getent', 'passwd', 'postgres'], { timeoutMs: SHORT_MS })
  const [name, , uid, gid] = stdout.trim().split(':')
  if (name === undefined || uid === undefined || gid === undefined)
    throw refusal('PostgreSQL does not run as root, and there is no user postgres here', {
      code: 'no-shadow',
      hint: 'run it as somebody else, or: useradd --system postgres',
    })
  return { name, uid: Number(uid), gid: Number(gid) }
}

function own(folder: string, owner: Owner | null): void {
  chmodSync(folder, 0o700)
  if (owner !== null) chownSync(folder, owner.uid, owner.gid)
}

function prepareFolder({ folder, binaries }: ClusterAsk, owner: Owner | null): void {
  mkdirSync(folder, { recursive: true, mode: 0o755 })
  own(folder, owner)
  const lib = join(folder, 'lib')
  rmSync(lib, { recursive: true, force: true })
  mkdirSync(lib, { mode: 0o755 })
  if (owner !== null) chownSync(lib, owner.uid, owner.gid)
  for (const { name, target } of libraryLinks(binaries)) symlinkSync(target, join(lib, name))
}

/**
 * A killed run leaves its server: it is ours alone, and what it was doing nobody asks for any more. After a reboot its number may be another
 * process's, which pg_ctl would end without a look at what it is.
 */
async function endLeftover(run: Run, data: string): Promise<void> {
  const file = join(data, 'postmaster.pid')
  if (!existsSync(file)) return
  // The socket's folder is its fifth line (src/backend/utils/init/miscinit.c).
  const [pid = '', , , , socketFolder = ''] = readFileSync(file, 'utf8').split('\n')
  if (isServerOf(pid, data)) await stopServer(run, data, 'immediate')
  else rmSync(file)
  if (socketFolder.startsWith(join(tmpdir(), SOCKETS))) rmSync(socketFolder, { recursive: true, force: true })
}

function stopServer(run: Run, data: string, mode: 'fast' | 'immediate') {
  const args = ['stop', `--pgdata=${data}`, `--mode=${mode}`, '--wait', '--silent', '--timeout=20']
  return run('pg_ctl', args, SHORT_MS)
}

/** Where there is no /proc, pg_ctl's own look has to do. */
function isServerOf(pid: string, data: string): boolean {
  if (!existsSync('/proc/self')) return true
  const file = `/proc/${pid}/cmdline`
  return existsSync(file) && readFileSync(file, 'utf8').split('\0').includes(data)
}

async function initialize(run: Run, data: string): Promise<void> {
  const args = [`--pgdata=${data}`, `--username=${ROLE}`, '--auth=trust', '--no-sync', '--encoding=UTF8', '--locale=C']
  const { exitCode, stderr, stdout } = await run('initdb', args, INIT_MS)
  if (exitCode === 0) return
  throw new BackflipError('initdb made no server to try migrations on', {
    code: 'shadow-failed',
    kind: 'failed',
    details: `${stdout}\n${stderr}`.trim().split('\n').slice(-6),
    hint: 'may the user that PostgreSQL runs as read its programs, and write the cache folder? --cache FOLDER names another one',
  })
}

async function start(run: Run, data: string, socketFolder: string): Promise<boolean> {
  // On the command line: as root we write nothing into a folder that somebody else owns.
  const settings = [...SETTINGS, `unix_socket_directories=${socketFolder}`].map((one) => `-c ${one}`).join(' ')
  const log = `--log=${join(data, 'server.log')}`
  const args = ['start', `--pgdata=${data}`, '--wait', '--silent', '--timeout=30', log, `--options=${settings}`]
  rmSync(join(data, 'server.log'), { force: true })
  return (await run('pg_ctl', args, SHORT_MS + 5_000)).exitCode === 0
}

function notStarted(data: string): BackflipError {
  const log = join(data, 'server.log')
  return new BackflipError('the server to try migrations on does not start', {
    code: 'shadow-failed',
    kind: 'failed',
    details: existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n').slice(-6) : [],
    hint: 'mend what its log says, or name a server of yours in migrate.shadow of backflip.yaml; then: the same command',
  })
}
