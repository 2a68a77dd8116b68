import type { DatabaseConnection } from '../../ports/database.ts'
import type { PostgresHost } from './host.ts'
import { psqlJson } from './psql.ts'

/** Sessions of clients, ours left out; at most 1,000, oldest first. */
export async function readConnections(host: PostgresHost): Promise<readonly DatabaseConnection[]> {
  return psqlJson(host, { script: CONNECTIONS })
}

const CONNECTIONS = `
SELECT coalesce(json_agg(c), '[]') FROM (
  SELECT a.pid, coalesce(a.datname, '') AS database, coalesce(a.usename, '') AS "user", a.application_name AS application,
    host(a.client_addr) AS address, coalesce(a.state, 'unknown') AS state,
    to_char(a.backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS since,
    coalesce(r.rolsuper, false) AS "isSuperuser"
  FROM pg_stat_activity a LEFT JOIN pg_roles r ON r.oid = a.usesysid
  WHERE a.backend_type = 'client backend' AND NOT (a.application_name = 'backflip' AND a.usename = current_user)
  ORDER BY a.backend_start, a.pid LIMIT 1000
) c;`
