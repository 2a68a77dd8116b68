import { parseLsn } from '../../domain/data/lsn.ts'
import type { DatabaseMark } from '../../ports/database.ts'
import { readFacts } from './facts.ts'
import type { PostgresHost } from './host.ts'
import { psql, psqlJson } from './psql.ts'

const KEPT_MARKERS = 500

/** UTC with microseconds: what the row says, and what a copy must say. */
const AT = `to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`

/** Without the notices that it is there already. */
export const MARKER_TABLE = `SET client_min_messages = warning;
CREATE SCHEMA IF NOT EXISTS backflip;
CREATE TABLE IF NOT EXISTS backflip.marker (name text PRIMARY KEY, at timestamptz NOT NULL);
RESET client_min_messages;`

/**
 * The end of the log is read before the row gets its transaction id: a transaction with a greater id has written nothing before that
 * place, and one with a smaller id that commits later may have.
 */
const WRITE = `${MARKER_TABLE}
SELECT pg_current_wal_insert_lsn() AS "logFrom" \\gset
BEGIN;
DELETE FROM backflip.marker WHERE name NOT IN (
  SELECT name FROM backflip.marker ORDER BY at DESC LIMIT ${KEPT_MARKERS});
INSERT INTO backflip.marker (name, at) VALUES (:'name', clock_timestamp())
  ON CONFLICT (name) DO UPDATE SET at = excluded.at;
SELECT json_build_object('at', ${AT}, 'xid', pg_current_xact_id()::text::bigint, 'logFrom', :'logFrom')
  FROM backflip.marker WHERE name = :'name';
COMMIT;`

export async function writeMarker(host: PostgresHost, name: string): Promise<DatabaseMark> {
  const row = await psqlJson<{ at: string; xid: number; logFrom: string }>(host, { script: WRITE, values: { name } })
  return { name, ...row, logFrom: parseLsn(row.logFrom), facts: await readFacts(host) }
}

/** When the marker of that name was written, or null. */
export async function readMarker(host: PostgresHost, name: string): Promise<string | null> {
  // to_regclass instead of a query that fails: a server that was never marked has no table of ours.
  const script = `
SELECT to_regclass('backflip.marker') IS NOT NULL AS known \\gset
\\if :known
SELECT ${AT} FROM backflip.marker WHERE name = :'name';
\\endif`
  const answer = (await psql(host, { script, values: { name } })).trim()
  return answer === '' ? null : answer
}
