import { chmodSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { BackflipError } from '../../domain/errors.ts'
import type { Shadow, ShadowDatabase } from '../../ports/shadow.ts'
import type { SharedLock } from '../../ports/shared-lock.ts'
import type { Transport } from '../../ports/transport.ts'
import { clusterFolder, type RunningCluster, startCluster } from './cluster.ts'
import { findPglite, findPlace, type PglitePackage, type PostgresBinaries } from './find-postgres.ts'
import { throwIfInterrupted, untilInterrupted } from './interrupt.ts'
import { openCopy } from './open-copy.ts'
import { withPglite } from './pglite-database.ts'
import { openSession, type ServerAddress } from './session.ts'
import { createCopy, dropDatabase, prepareTemplate, type TemplateServer } from './templates.ts'

/** In one bundle with what else speaks the protocol. */
export { statementStatistics } from './statement-statistics.ts'

export interface ShadowAsk {
  /** A server that somebody else runs, by its connection string; null: one of our own. */
  readonly dsn: string | null
  /** Wanted; another one is taken when it is not there. */
  readonly major: number
  readonly timeZone: string
  /** Where to look for the project's own packages. */
  readonly cwd: string
  /** Ours alone: data of our own servers, one folder per version, kept between runs. */
  readonly cacheFolder: string
  /** The program of the thread that PGlite runs in (`pglite-worker.ts`). */
  readonly pgliteEntry: string
  /** Ctrl-C: the check ends where it is, with error `interrupted`, and takes back what it made. */
  readonly signal: AbortSignal
  /** Where the host has its servers; default: where Debian puts them. */
  readonly hostFolder?: string
  readonly transport: Transport
  readonly lockIn: (folder: string) => SharedLock
}

/** For one server of our own, one check at a time. */
const LOCK_WAIT_MS = 120_000
const STATEMENT_TIMEOUT_MS = 60_000

export function postgresShadow(ask: ShadowAsk): Shadow {
  return {
    async with(work) {
      if (ask.dsn !== null) return withServer(ask, { dsn: ask.dsn }, null, work)
      // Root's server runs as another user, who has to get through. A folder that was there keeps its mode: it is somebody's.
      if (mkdirSync(ask.cacheFolder, { recursive: true }) !== undefined) chmodSync(ask.cacheFolder, 0o711)
      const place = findPlace(ask.major, ask.cwd, ask.hostFolder)
      if ('packageFolder' in place) return inPglite(ask, place, null, work)
      return alone(ask, `shadow-${place.major}`, async () => {
        const cluster = await startOrSay(ask, place)
        if (cluster instanceof BackflipError) return orPglite(ask, cluster, work)
        try {
          return await withServer(ask, cluster.address, place.from, work)
        } finally {
          await cluster.stop()
        }
      })
    },
  }
}

/** One check at a time. Waiting for another one ends with the signal. */
function alone<T>({ lockIn, cacheFolder, signal }: ShadowAsk, what: string, work: () => Promise<T>): Promise<T> {
  let isBegun: () => void = () => undefined
  const begun = new Promise<void>((resolve) => {
    isBegun = resolve
  })
  const held = lockIn(cacheFolder).hold(what, LOCK_WAIT_MS, async () => {
    throwIfInterrupted(signal)
    isBegun()
    return work()
  })
  // Whoever got the lock ends by itself: its server has to be ended first.
  return untilInterrupted(signal, () => Promise.race([begun, held])).then(() => held)
}

async function startOrSay(
  { cacheFolder, transport }: ShadowAsk,
  binaries: PostgresBinaries,
): Promise<RunningCluster | BackflipError> {
  try {
    return await startCluster({ binaries, folder: clusterFolder(cacheFolder, binaries.major), transport })
  } catch (error) {
    if (error instanceof BackflipError) return error
    throw error
  }
}

/** Programs that are here and do not run: root without another user, libraries that are missing. */
async function orPglite<T>(
  ask: ShadowAsk,
  why: BackflipError,
  work: (database: ShadowDatabase) => Promise<T>,
): Promise<T> {
  const found = findPglite(ask.cwd)
  if (found === null) throw why
  return inPglite(ask, found, why.message, work)
}

function inPglite<T>(
  ask: ShadowAsk,
  found: PglitePackage,
  because: string | null,
  work: (database: ShadowDatabase) => Promise<T>,
): Promise<T> {
  // Half a gigabyte each: one at a time, as with servers.
  const { cacheFolder, timeZone, pgliteEntry: entry, signal } = ask
  const folder = join(cacheFolder, 'backflip-shadow-pglite')
  return alone(ask, 'shadow-pglite', () => withPglite({ ...found, entry, timeZone, signal, because, folder }, work))
}

async function withServer<T>(
  { timeZone, signal }: ShadowAsk,
  address: ServerAddress,
  from: string | null,
  work: (database: ShadowDatabase) => Promise<T>,
): Promise<T> {
  throwIfInterrupted(signal)
  const admin = await openSession(address, { database: 'postgres', statementTimeoutMs: STATEMENT_TIMEOUT_MS })
  try {
    const [[version = '', number] = []] = await admin.rows(
      "SELECT current_setting('server_version'), current_setting('server_version_num')",
    )
    const server = {
      address,
      admin,
      major: Math.floor(Number(number) / 10_000),
      timeZone,
      signal,
      isOurs: from !== null,
    }
    return await work(
      databaseOn(server, `PostgreSQL ${version?.split(' ')[0] ?? ''}, ${from ?? 'the server of migrate.shadow'}`),
    )
  } finally {
    await admin.end()
  }
}

function databaseOn(server: TemplateServer, place: string): ShadowDatabase {
  let template: string | null = null
  return {
    kind: server.isOurs ? 'own' : 'given',
    major: server.major,
    place,
    notSeen: [],
    async prepare(history) {
      const prepared = await prepareTemplate(server, history)
      template = prepared.name
      return prepared.history
    },
    async copy() {
      if (template === null) throw new Error('a copy is of a template')
      const database = await createCopy(server, template)
      const { address, timeZone, signal } = server
      return openCopy({
        open: (statementTimeoutMs) => openSession(address, { database, statementTimeoutMs, timeZone, signal }),
        // An interrupted statement goes on in its session, which would hold the database.
        drop: () => dropDatabase(server, database, 'force'),
      })
    },
  }
}
