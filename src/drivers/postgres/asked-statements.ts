import { BackflipError } from '../../domain/errors.ts'
import type { AskedStatements, AskedStatementsAsk } from '../../ports/database.ts'
import { type PostgresHost, placeOf } from './host.ts'
import { psqlJson } from './psql.ts'

/**
 * The view lives in whatever schema the extension was put in. `toplevel`: what functions ask inside is theirs, and comes with the function; it and
 * the count of what was thrown out are there since PostgreSQL 14.
 */
const SCRIPT = `
SELECT coalesce((SELECT format($f$
    SELECT json_build_object('statements', (SELECT coalesce(json_agg(one), '[]') FROM (
        SELECT query AS text, sum(calls)::float8 AS calls FROM %1$I.pg_stat_statements s JOIN pg_roles r ON r.oid = s.userid
        WHERE s.dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND %2$s AND (%3$L = '' OR r.rolname = %3$L)
        GROUP BY query ORDER BY 2 DESC LIMIT %4$s) one), 'thrownOut', %5$s)$f$,
    n.nspname, CASE WHEN v.has THEN 's.toplevel' ELSE 'true' END, :'role', :'limit',
    CASE WHEN v.has THEN format('(SELECT dealloc FROM %I.pg_stat_statements_info)', n.nspname) ELSE '0' END)
  FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace,
    (SELECT current_setting('server_version_num')::int >= 140000 AS has) v WHERE e.extname = 'pg_stat_statements'),
  $f$SELECT 'null'::json$f$) \\gexec`

export async function askedStatements(
  host: PostgresHost,
  { role, limit }: AskedStatementsAsk,
): Promise<AskedStatements> {
  const values = { role: role ?? '', limit: String(limit) }
  const found = await psqlJson<AskedStatements | null>(host, { script: SCRIPT, values })
  if (found !== null) return found
  throw new BackflipError(`${placeOf(host)} keeps no statistics of statements`, {
    code: 'no-statement-statistics',
    kind: 'failed',
    hint: 'shared_preload_libraries = pg_stat_statements, a restart, then CREATE EXTENSION pg_stat_statements; or record a test suite: backflip migrations record',
  })
}
