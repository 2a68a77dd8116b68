import { parseLsn } from '../../domain/data/lsn.ts'
import type { DatabaseFacts, TableCounters } from '../../ports/database.ts'
import { otherDatabases } from './databases.ts'
import type { PostgresHost } from './host.ts'
import { psqlJson } from './psql.ts'
import { schemaFingerprint, schemaVersion } from './schema.ts'

const MAX_TABLES = 5_000

type ServerFacts = Omit<
  DatabaseFacts,
  'tables' | 'tablesLeftOut' | 'unloggedTables' | 'schemaVersion' | 'schemaFingerprint'
>

interface TableFacts {
  readonly counters: TableCounters
  readonly unlogged: boolean
}

/** Everything, in a handful of bounded questions, at most three at once; one more per further database of the server. */
export async function readFacts(host: PostgresHost): Promise<DatabaseFacts> {
  // First: the files that tables are in are those from this place in the log on.
  const server = await psqlJson<ServerFacts>(host, { script: SERVER })
  const [tables, version, fingerprint] = await Promise.all([
    readTableFacts(host),
    schemaVersion(host),
    schemaFingerprint(host),
  ])
  return {
    ...server,
    walLsn: parseLsn(server.walLsn),
    schemaVersion: version,
    schemaFingerprint: fingerprint,
    tables: tables.slice(0, MAX_TABLES).map(({ counters }) => counters),
    tablesLeftOut: Math.max(0, tables.length - MAX_TABLES),
    unloggedTables: tables
      .filter(({ unlogged }) => unlogged)
      .map(({ counters }) => `${counters.database}.${counters.name}`),
  }
}

async function readTableFacts(host: PostgresHost): Promise<readonly TableFacts[]> {
  const tables: TableFacts[] = []
  for (const database of [host.config.database, ...(await otherDatabases(host))])
    tables.push(...(await psqlJson<readonly TableFacts[]>(host, { database, script: TABLES })))
  return tables
}

/**
 * The timeline comes from the name of the file that is written now: pg_control_checkpoint() is behind until the first checkpoint after a
 * promotion. `stats_reset` of the background writer changes when a crash threw the counters away (src/backend/utils/activity/pgstat.c,
 * pgstat_reset_after_failure); of the databases, when a person reset them.
 */
const SERVER = `
SELECT json_build_object(
  'systemId', (SELECT system_identifier::text FROM pg_control_system()),
  'timeline', CASE WHEN pg_is_in_recovery() THEN (SELECT timeline_id FROM pg_control_checkpoint())
    ELSE ('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::int END,
  'version', split_part(current_setting('server_version'), ' ', 1),
  'walLsn', CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_insert_lsn() END,
  'nextXid', pg_snapshot_xmax(pg_current_snapshot())::text::bigint,
  'extensions', (SELECT coalesce(json_agg(extname || ' ' || extversion ORDER BY extname), '[]') FROM pg_extension),
  'hasDataChecksums', current_setting('data_checksums')::boolean,
  'countersSince', (SELECT concat_ws(' ', (SELECT stats_reset FROM pg_stat_bgwriter),
    (SELECT max(stats_reset) FROM pg_stat_database))),
  'replicas', (SELECT coalesce(json_agg(json_build_object('name', application_name, 'address', host(client_addr),
    'state', state) ORDER BY application_name, pid), '[]') FROM pg_stat_replication),
  'slots', (SELECT coalesce(json_agg(json_build_object('name', slot_name, 'type', slot_type, 'active', active)
    ORDER BY slot_name), '[]') FROM pg_replication_slots),
  'openConnections', (SELECT count(*) FROM pg_stat_activity
    WHERE backend_type = 'client backend' AND application_name <> 'backflip'),
  'walKeptBytes', (SELECT setting::bigint * 1024 * 1024 FROM pg_settings WHERE name = 'wal_keep_size'),
  'isInRecovery', pg_is_in_recovery(),
  'sizeBytes', pg_database_size(current_database())
);`

const TABLES = `
SELECT coalesce(json_agg(json_build_object('unlogged', unlogged, 'counters', to_jsonb(t) - 'unlogged')
    ORDER BY t.name), '[]') FROM (
  SELECT current_database() AS database, format('%I.%I', n.nspname, c.relname) AS name,
    pg_relation_filenode(c.oid)::bigint AS "fileNode", c.relpersistence = 'u' AS unlogged,
    coalesce(s.n_tup_ins, 0) AS inserted, coalesce(s.n_tup_upd, 0) AS updated, coalesce(s.n_tup_del, 0) AS deleted,
    coalesce(s.n_live_tup, 0) AS "liveRows"
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_stat_all_tables s ON s.relid = c.oid
  WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'backflip')
  ORDER BY 2 LIMIT 20000
) t;`
