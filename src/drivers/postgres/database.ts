import { parseLsn } from '../../domain/data/lsn.ts'
import type { Database } from '../../ports/database.ts'
import { askedStatements } from './asked-statements.ts'
import { backfill } from './backfill.ts'
import { readConnections } from './connections.ts'
import { readFacts } from './facts.ts'
import { findShortcomings } from './find-shortcomings.ts'
import { forkTimeline } from './fork-timeline.ts'
import type { PostgresHost } from './host.ts'
import { lossSince } from './loss.ts'
import { readMarker, writeMarker } from './marker.ts'
import { psql } from './psql.ts'
import { readRows, readTables } from './rows.ts'
import { readSql, runSql } from './run-sql.ts'
import { startServer, stopServer, waitUntilReady } from './server.ts'
import { verifyCopy } from './verify.ts'
import { allowWriters, readWriters, stopWriters } from './writers.ts'

const CHECKPOINT_LIMIT_MS = 10 * 60_000

/** A PostgreSQL server, through its own tools on its own host. */
export function postgresDatabase(host: PostgresHost): Database {
  return {
    facts: () => readFacts(host),
    shortcomings: () => findShortcomings(host),
    async checkpoint() {
      await psql(host, { script: 'CHECKPOINT;', timeoutMs: CHECKPOINT_LIMIT_MS })
    },
    async restorePoint(name) {
      return parseLsn(
        (await psql(host, { script: "SELECT pg_create_restore_point(:'name');", values: { name } })).trim(),
      )
    },
    mark: (name) => writeMarker(host, name),
    hasMarker: async (name) => (await readMarker(host, name)) !== null,
    lossSince: (mark, ask) => lossSince(host, mark, ask),
    connections: () => readConnections(host),
    writers: () => readWriters(host),
    stopWriters: () => stopWriters(host),
    allowWriters: () => allowWriters(host),
    verify: (mark, { forkAbove = null } = {}) => verifyCopy(host, mark, { forkAbove }),
    readSql,
    runSql: (ask) => runSql(host, ask),
    backfill: (ask) => backfill(host, ask),
    askedStatements: (ask) => askedStatements(host, ask),
    tables: () => readTables(host),
    rows: (ask) => readRows(host, ask),
    forkTimeline: (ask) => forkTimeline(host, ask),
    waitUntilReady: (timeoutMs) => waitUntilReady(host, timeoutMs),
    stop: () => stopServer(host),
    start: () => startServer(host),
  }
}
