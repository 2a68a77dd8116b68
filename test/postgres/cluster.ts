import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PostgresConfig } from '../../src/config/types.ts'
import { systemClock } from '../../src/drivers/local/clock.ts'
import { localTransport } from '../../src/drivers/local/transport.ts'
import { postgresDatabase } from '../../src/drivers/postgres/database.ts'
import { type PostgresHost, runTool } from '../../src/drivers/postgres/host.ts'
import { startServer, stopServer, waitUntilReady } from '../../src/drivers/postgres/server.ts'
import { processStart, processState } from '../../src/lib/proc.ts'

const BINARIES = '/usr/lib/postgresql'
export const DATABASE = 'shop'
/** Writes as an app does: no superuser. */
export const APP_ROLE = 'app'

/** Settings of a server that lives for seconds. `listen_addresses`: nobody but the owner of the folder reaches it. */
const SETTINGS = `
listen_addresses = ''
fsync = off
shared_buffers = 16MB
max_connections = 40
max_prepared_transactions = 5
log_line_prefix = '%m [%p] '
`

export interface Session {
  /** Ends it, after a last statement. */
  close(last?: string): Promise<void>
}

/** A server of the test's own: data, socket and port in one folder, owned by a user who is not root. Never the system's cluster. */
export class Cluster {
  readonly folder: string
  readonly host: PostgresHost
  readonly database

  private constructor(folder: string, change: Partial<PostgresConfig> = {}) {
    this.folder = folder
    this.host = { config: { ...configOf(folder), ...change }, transport: localTransport(), clock: systemClock }
    this.database = postgresDatabase(this.host)
  }

  static async make(options: { readonly checksums?: boolean; readonly settings?: string } = {}): Promise<Cluster> {
    const cluster = new Cluster(newFolder())
    const { dataFolder } = cluster.host.config
    asOwner([
      join(requirePostgres(), 'initdb'),
      `--pgdata=${dataFolder}`,
      '--username=postgres',
      '--auth=trust',
      '--no-sync',
      '--encoding=UTF8',
      '--locale=C',
      ...(options.checksums === false ? [] : ['--data-checksums']),
    ])
    writeFileSync(
      join(dataFolder, 'postgresql.auto.conf'),
      SETTINGS + (options.settings ?? '') + socket(cluster.folder),
    )
    await cluster.orClose(async () => {
      await cluster.with({ database: 'postgres' }).start()
      await cluster.sql(`CREATE ROLE ${APP_ROLE} LOGIN`, { database: 'postgres' })
      await cluster.sql(`CREATE DATABASE ${DATABASE} OWNER ${APP_ROLE}`, { database: 'postgres' })
    })
    return cluster
  }

  /** A cluster that another process made. */
  static at(folder: string): Cluster {
    return new Cluster(folder)
  }

  /** The same server under another configuration of ours. */
  with(change: Partial<PostgresConfig>): Cluster {
    return new Cluster(this.folder, change)
  }

  async start(): Promise<void> {
    await startServer(this.host)
    await waitUntilReady(this.host, 30_000)
  }

  /** Somebody's SQL in a session of its own, and what it printed. Fails as psql does. */
  async sql(script: string, { role = 'postgres', database = DATABASE } = {}): Promise<string> {
    const { socketFolder, port } = this.host.config
    const args = ['--no-psqlrc', '--quiet', '--no-align', '--tuples-only', '--set=ON_ERROR_STOP=1', '--file=-']
    const where = [`--host=${socketFolder}`, `--port=${port}`, `--username=${role}`, `--dbname=${database}`]
    const ask = { timeoutMs: 60_000, stdin: script }
    const { exitCode, stdout, stderr } = await runTool(this.host, 'psql', [...args, ...where], ask)
    if (exitCode !== 0) throw new Error(stderr)
    return stdout
  }

  /** A session of the app's that stays open, with a transaction if the script opens one. */
  async openSession(script = '', role = APP_ROLE): Promise<Session> {
    const { socketFolder, port } = this.host.config
    const args = ['--no-psqlrc', `--host=${socketFolder}`, `--port=${port}`, `--username=${role}`, DATABASE]
    const child = spawn(join(requirePostgres(), 'psql'), args, { stdio: ['pipe', 'pipe', 'ignore'] })
    const ended = once(child, 'exit')
    child.stdin.on('error', () => undefined)
    child.stdin.write(`${script}\n\\echo ready\n`)
    for await (const text of child.stdout) if (String(text).includes('ready')) break
    return {
      async close(last = '') {
        child.stdin.end(`${last}\n`)
        await ended
      },
    }
  }

  /** Ends as at a power cut, then starts: recovery, and counters that begin from nothing. */
  async crash(): Promise<void> {
    asOwner([join(requirePostgres(), 'pg_ctl'), 'stop', '--mode=immediate', `--pgdata=${this.host.config.dataFolder}`])
    await this.start()
  }

  /**
   * A copy taken at one moment while the server runs, as a file system's snapshot is: every process of the server stands still meanwhile. It is
   * started with a socket and a port of its own.
   */
  async copy(change: (dataFolder: string) => void = () => undefined): Promise<Cluster> {
    const copy = await this.takeCopy()
    await copy.orClose(() => copy.startCopied(change))
    return copy
  }

  /** A replica that follows it, and can be read. */
  async standby(): Promise<Cluster> {
    const copy = await this.takeCopy()
    const { socketFolder, port } = this.host.config
    await copy.orClose(async () => {
      copy.configureCopied(`primary_conninfo = 'host=${socketFolder} port=${port} user=postgres'\n`)
      writeFileSync(join(copy.host.config.dataFolder, 'standby.signal'), '')
      await startServer(copy.host)
    })
    return copy
  }

  private async takeCopy(): Promise<Cluster> {
    const copy = new Cluster(newFolder())
    const resume = await this.freeze()
    try {
      copyFolder(this.host.config.dataFolder, copy.host.config.dataFolder)
    } finally {
      resume()
    }
    return copy
  }

  /**
   * A copy that is not of one moment, as a copy of files makes it: `between` runs when all files but those in `late` have been taken. The log
   * and the control file always come late.
   */
  async tornCopy(between: () => Promise<void>, late: readonly string[]): Promise<Cluster> {
    const copy = new Cluster(newFolder())
    const [from, to] = [this.host.config.dataFolder, copy.host.config.dataFolder]
    copyFolder(from, to)
    await between()
    for (const part of ['pg_wal', 'pg_xact', 'global', ...late]) {
      rmSync(join(to, part), { recursive: true })
      copyFolder(join(from, part), join(to, part))
    }
    await copy.orClose(() => copy.startCopied(() => undefined))
    return copy
  }

  async close(): Promise<void> {
    await stopServer(this.host)
    rmSync(this.folder, { recursive: true, force: true })
  }

  /** A server that a failed test would leave running is stopped first. */
  private async orClose(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      await this.close()
      throw error
    }
  }

  private async startCopied(change: (dataFolder: string) => void): Promise<void> {
    this.configureCopied('')
    change(this.host.config.dataFolder)
    await this.start()
  }

  private configureCopied(settings: string): void {
    const { dataFolder } = this.host.config
    rmSync(join(dataFolder, 'postmaster.pid'), { force: true })
    const file = join(dataFolder, 'postgresql.auto.conf')
    writeFileSync(file, readFileSync(file, 'utf8') + socket(this.folder) + settings)
  }

  /** The parent first: it makes no more children then. Each is waited for: a signal is no proof that the process stands. */
  private async freeze(): Promise<() => void> {
    const [parent = 0] = readFileSync(join(this.host.config.dataFolder, 'postmaster.pid'), 'utf8')
      .split('\n')
      .map(Number)
    const frozen = [parent]
    const resume = () => void frozen.map((pid) => signal(pid, 'SIGCONT'))
    try {
      await standStill(parent)
      const children = readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8').trim().split(' ').map(Number)
      frozen.push(...children)
      for (const pid of children) await standStill(pid)
    } catch (error) {
      resume()
      throw error
    }
    return resume
  }
}

async function standStill(pid: number): Promise<void> {
  signal(pid, 'SIGSTOP')
  const isMoving = () => !['T', 'Z', 'X', null].includes(processState(pid))
  for (let tries = 0; isMoving(); tries++) {
    if (tries > 1_000) throw new Error(`process ${pid} does not stand still`)
    await systemClock.sleep(5)
  }
}

/** A session may end by itself in between. */
function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** Folder of the server's own programs, of the newest version; one sentence when there is none. */
export function requirePostgres(): string {
  const versions = (() => {
    try {
      return readdirSync(BINARIES).filter((name) => /^\d+$/.test(name))
    } catch {
      return []
    }
  })()
  const newest = versions.sort((a, b) => Number(b) - Number(a))[0]
  if (newest === undefined) throw new Error('PostgreSQL is needed for this test: apt-get install postgresql')
  return join(BINARIES, newest, 'bin')
}

/** The server refuses to run as root. */
export const OWNER = process.getuid?.() === 0 ? 'postgres' : null

function configOf(folder: string): PostgresConfig {
  return {
    driver: 'postgres',
    database: DATABASE,
    role: 'postgres',
    osUser: OWNER,
    socketFolder: folder,
    port: 5432,
    dataFolder: join(folder, 'data'),
    binFolder: null,
    control: null,
    schemaVersionQuery: null,
    pgbackrest: null,
  }
}

function socket(folder: string): string {
  return `unix_socket_directories = '${folder}'\n`
}

/** Short: a socket's path has at most 107 bytes. Named by whose it is, so that a later run can tell what a killed one left. */
function newFolder(): string {
  sweep()
  const folder = mkdtempSync(join(tmpdir(), `bf-pg-${process.pid}-`))
  mkdirSync(join(folder, 'data'), { mode: 0o700 })
  chmodSync(folder, 0o711)
  if (OWNER !== null) execFileSync('chown', ['-R', OWNER, folder])
  return folder
}

/** Ends servers of runs that are gone, by their own pid files, and takes their folders away. */
function sweep(): void {
  for (const name of readdirSync(tmpdir())) {
    const owner = /^bf-pg-(\d+)-/.exec(name)?.[1]
    if (owner === undefined || processStart(Number(owner)) !== null) continue
    const folder = join(tmpdir(), name)
    const server = readIfThere(join(folder, 'data', 'postmaster.pid')).split('\n')[0] ?? ''
    const isServer = server !== '' && readIfThere(`/proc/${server}/cmdline`).includes(join(folder, 'data'))
    if (isServer) signal(Number(server), 'SIGQUIT')
    rmSync(folder, { recursive: true, force: true })
  }
}

function readIfThere(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : ''
}

function asOwner(argv: readonly string[]): void {
  const [file = '', ...args] = OWNER === null ? argv : ['runuser', '-u', OWNER, '--', ...argv]
  execFileSync(file, args, { cwd: '/', stdio: ['ignore', 'ignore', 'inherit'], timeout: 60_000 })
}

function copyFolder(from: string, to: string): void {
  cpSync(from, to, { recursive: true, preserveTimestamps: true })
  if (OWNER !== null) execFileSync('chown', ['-R', OWNER, to])
}
