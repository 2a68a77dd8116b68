import { BackflipError } from '../../domain/errors.ts'
import type { WriterState } from '../../ports/database.ts'
import { type PostgresHost, placeOf } from './host.ts'
import { psql, psqlJson } from './psql.ts'

const END_LIMIT_SECONDS = 15

/**
 * A connection limit of 0 lets superusers in and nobody else, for every new session and whatever a session sets; a default of read-only
 * transactions can be switched off by the session itself, and ALLOW_CONNECTIONS false would shut us out too. The limit from before is kept
 * as a setting of the database in the same transaction, so that it is there exactly when the limit is ours.
 */
const OURS = `
  SELECT d.oid, d.datname, d.datconnlimit, (
    SELECT split_part(setting, '=', 2) FROM pg_db_role_setting s, unnest(s.setconfig) setting
    WHERE s.setdatabase = d.oid AND s.setrole = 0 AND setting LIKE 'backflip.connection_limit=%'
  ) AS kept
  FROM pg_database d WHERE d.datallowconn AND NOT d.datistemplate`

const CLOSE = `
BEGIN;
SELECT format('ALTER DATABASE %I SET "backflip.connection_limit" = %L', datname, datconnlimit)
  FROM (${OURS}) o WHERE kept IS NULL ORDER BY oid \\gexec
SELECT format('ALTER DATABASE %I CONNECTION LIMIT 0', datname) FROM (${OURS}) o WHERE datconnlimit <> 0 ORDER BY oid \\gexec
COMMIT;`

const OPEN = `
BEGIN;
SELECT format('ALTER DATABASE %I CONNECTION LIMIT %s', datname, kept::int) FROM (${OURS}) o
  WHERE kept IS NOT NULL ORDER BY oid \\gexec
SELECT format('ALTER DATABASE %I RESET "backflip.connection_limit"', datname) FROM (${OURS}) o
  WHERE kept IS NOT NULL ORDER BY oid \\gexec
COMMIT;`

const NOT_OURS = `NOT (a.application_name = 'backflip' AND a.usename = current_user)`

/**
 * Who can write: sessions of clients; workers that are not the server's own, which apply what other servers or schedules send, and which come
 * back when they are ended; prepared transactions, which only a person can end.
 */
const WRITERS = `
  SELECT format('%s: %s in %s as %s from %s (pid %s)', a.backend_type, coalesce(nullif(a.application_name, ''), 'no name'),
      coalesce(a.datname, 'no database'), coalesce(a.usename, 'no user'), coalesce(host(a.client_addr), 'this host'), a.pid) AS who
  FROM pg_stat_activity a
  WHERE ${NOT_OURS}
    AND a.backend_type NOT IN ('autovacuum launcher', 'autovacuum worker', 'logical replication launcher', 'background writer',
      'checkpointer', 'archiver', 'startup', 'walreceiver', 'walsender', 'walwriter', 'walsummarizer', 'slotsync worker',
      'io worker', 'parallel worker')
  UNION ALL SELECT format('subscription %s in %s is enabled', s.subname, d.datname)
    FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid WHERE s.subenabled
  UNION ALL SELECT format('prepared transaction %s in %s since %s', gid, database, prepared) FROM pg_prepared_xacts`

/**
 * Ends them until two looks in a row find nobody: a session that passed the limit's check just before it was set shows up a moment later.
 * pg_stat_activity is the same all through a transaction unless its snapshot is thrown away.
 */
const END_SESSIONS = `
DO $$
DECLARE quiet int := 0;
BEGIN
  FOR i IN 1..${END_LIMIT_SECONDS * 10} LOOP
    PERFORM pg_stat_clear_snapshot();
    PERFORM pg_terminate_backend(a.pid) FROM pg_stat_activity a WHERE a.backend_type = 'client backend' AND ${NOT_OURS};
    IF FOUND THEN quiet := 0; ELSE quiet := quiet + 1; END IF;
    EXIT WHEN quiet >= 2;
    PERFORM pg_sleep(0.1);
  END LOOP;
END $$;`

const STATE = `
SELECT json_build_object(
  'isClosed', (SELECT bool_and(datconnlimit = 0 AND kept IS NOT NULL) FROM (${OURS}) o),
  'remaining', (SELECT coalesce(json_agg(who), '[]') FROM (SELECT who FROM (${WRITERS}) w LIMIT 100) r));`

export async function readWriters(host: PostgresHost): Promise<WriterState> {
  const { isClosed, remaining } = await psqlJson<{ isClosed: boolean; remaining: readonly string[] }>(host, {
    script: STATE,
  })
  return { state: !isClosed ? 'allowed' : remaining.length > 0 ? 'stopping' : 'stopped', remaining }
}

export async function stopWriters(host: PostgresHost): Promise<void> {
  await psql(host, { script: CLOSE })
  await psql(host, { script: END_SESSIONS, timeoutMs: (END_LIMIT_SECONDS + 10) * 1_000 })
  const { state, remaining } = await readWriters(host)
  if (state === 'stopped') return
  throw new BackflipError(`somebody can still write to the server with ${placeOf(host)}`, {
    code: 'writers-remain',
    kind: 'failed',
    details: [...remaining, 'new sessions are refused, superusers left out; no data was changed'],
    hint: 'stop what is named, or let the app connect as a role that is no superuser; then the same command',
  })
}

export async function allowWriters(host: PostgresHost): Promise<void> {
  await psql(host, { script: OPEN })
}
