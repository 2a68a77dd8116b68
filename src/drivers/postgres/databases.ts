import type { PostgresHost } from './host.ts'
import { psqlJson } from './psql.ts'

const MAX_DATABASES = 200

/** Databases that take sessions, templates left out, beside the app's own. A snapshot holds them all, and going back takes them all along. */
export async function otherDatabases(host: PostgresHost): Promise<readonly string[]> {
  return psqlJson(host, {
    script: `SELECT coalesce(json_agg(datname ORDER BY datname), '[]') FROM (
      SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate AND datname <> current_database()
      ORDER BY datname LIMIT ${MAX_DATABASES}) d;`,
  })
}
