import { chmodSync, mkdirSync } from 'node:fs'
import type { Shadow, ShadowCopy, ShadowDatabase } from '../../ports/shadow.ts'
import type { SharedLock } from '../../ports/shared-lock.ts'
import type { Transport } from '../../ports/transport.ts'
import { applyFile } from './apply-file.ts'
import { clusterFolder, startCluster } from './cluster.ts'
import { findPostgres } from './find-postgres.ts'
import { seedTables } from './seed.ts'
import { openSession, type ServerAddress, type Session } from './session.ts'
import { readShape } from './shape.ts'
import { createCopy, dropDatabase, prepareTemplate, type TemplateServer } from './templates.ts'
import { type Kept, keepPrepared, staleOnes, tryStatements } from './try-statements.ts'
import { watchRelations } from './watch.ts'

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
  readonly transport: Transport
  readonly lockIn: (folder: string) => SharedLock
}

/** For one server of our own, one check at a time. */
const LOCK_WAIT_MS = 120_000
const STATEMENT_TIMEOUT_MS = 60_000
const TRY_TIMEOUT_MS = 5_000

export function postgresShadow(ask: ShadowAsk): Shadow {
  return {
    async with(work) {
      if (ask.dsn !== null) return withServer(ask, { dsn: ask.dsn }, null, work)
      const binaries = findPostgres(ask.major, ask.cwd)
      const folder = clusterFolder(ask.cacheFolder, binaries.major)
      // Root's server runs as another user, who has to get through. A folder that was there keeps its mode: it is somebody's.
      if (mkdirSync(ask.cacheFolder, { recursive: true }) !== undefined) chmodSync(ask.cacheFolder, 0o711)
      return ask.lockIn(ask.cacheFolder).hold(`shadow-${binaries.major}`, LOCK_WAIT_MS, async () => {
        const cluster = await startCluster({ binaries, folder, transport: ask.transport })
        try {
          return await withServer(ask, cluster.address, binaries.from, work)
        } finally {
          await cluster.stop()
        }
      })
    },
  }
}

async function withServer<T>(
  { timeZone }: ShadowAsk,
  address: ServerAddress,
  from: string | null,
  work: (database: ShadowDatabase) => Promise<T>,
): Promise<T> {
  const admin = await openSession(address, { database: 'postgres', statementTimeoutMs: STATEMENT_TIMEOUT_MS })
  try {
    const [[version = '', number] = []] = await admin.rows(
      "SELECT current_setting('server_version'), current_setting('server_version_num')",
    )
    const server = { address, admin, major: Math.floor(Number(number) / 10_000), timeZone, isOurs: from !== null }
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
    major: server.major,
    place,
    async prepare(history) {
      const prepared = await prepareTemplate(server, history)
      template = prepared.name
      return prepared.history
    },
    async copy() {
      if (template === null) throw new Error('a copy is of a template')
      return openCopy(server, await createCopy(server, template))
    },
  }
}

async function openCopy(server: TemplateServer, database: string): Promise<ShadowCopy> {
  const open = (statementTimeoutMs: number) =>
    openSession(server.address, { database, statementTimeoutMs, timeZone: server.timeZone })
  const worker = await open(STATEMENT_TIMEOUT_MS)
  const onlooker = await open(STATEMENT_TIMEOUT_MS)
  let pool: { readonly session: Session; readonly kept: readonly Kept[] } | null = null
  let rows: ReadonlyMap<string, number> = new Map()
  return {
    async seed(tables) {
      rows = await seedTables(onlooker, tables)
      return rows
    },
    shape: () => readShape(onlooker),
    async keepPrepared(statements) {
      const session = await open(TRY_TIMEOUT_MS)
      pool = { session, kept: [] }
      pool = { session, kept: await keepPrepared(session, statements) }
    },
    stale: async () => (pool === null ? [] : staleOnes(pool.session, pool.kept)),
    async tryAll(statements) {
      const session = await open(TRY_TIMEOUT_MS)
      try {
        return await tryStatements(session, statements)
      } finally {
        await session.end()
      }
    },
    apply: async (file) => applyFile(worker, file, await watchRelations(worker, onlooker, rows)),
    async close() {
      for (const session of [worker, onlooker, pool?.session]) await session?.end()
      await dropDatabase(server, database)
    },
  }
}
