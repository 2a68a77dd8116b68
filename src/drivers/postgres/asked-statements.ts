import { BackflipError } from '../../domain/errors.ts'
import type { AskedStatement, AskedStatementsAsk } from '../../ports/database.ts'
import { type PostgresHost, placeOf } from './host.ts'
import { psqlJson } from './psql.ts'

/**
 * The view lives in whatever schema the extension was put in. `toplevel`: what functions ask inside is theirs, and comes with the function (since
 * PostgreSQL 14, in all versions that we know).
 */
const SCRIPT = `
SELECT coalesce((SELECT format('SELECT coalesce(json_agg(one), ''[]'') FROM (SELECT query AS text, sum(calls)::float8 AS calls
    FROM %I.pg_stat_statements s JOIN pg_roles r ON r.oid = s.userid
    WHERE s.dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND s.toplevel
      AND (%L = '''' OR r.rolname = %L) GROUP BY query ORDER BY 2 DESC LIMIT %s) one', n.nspname, :'role', :'role', :'limit')
  FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_stat_statements'),
  'SELECT ''null''::json') \\gexec`

export async function askedStatements(
  host: PostgresHost,
  { role, limit }: AskedStatementsAsk,
): Promise<readonly AskedStatement[]> {
  const values = { role: role ?? '', limit: String(limit) }
  const found = await psqlJson<readonly AskedStatement[] | null>(host, { script: SCRIPT, values })
  if (found !== null) return found
  throw new BackflipError(`${placeOf(host)} keeps no statistics of statements`, {
    code: 'no-statement-statistics',
    kind: 'failed',
    hint: 'shared_preload_libraries = pg_stat_statements, a restart, then CREATE EXTENSION pg_stat_statements; or record a test suite: backflip migrations record',
  })
}
