import { BackflipError } from '../../domain/errors.ts'
import type { Database } from '../../ports/database.ts'
import { openSession, quoteName, quoteText, type ServerAddress } from './session.ts'

const TIMEOUT_MS = 30_000

/** pg_stat_statements of the database that a connection string names, read as `drivers/postgres/asked-statements.ts` reads it. Changes nothing. */
export function statementStatistics(dsn: string): Pick<Database, 'askedStatements'> {
  return {
    async askedStatements({ role, limit }) {
      const address: ServerAddress = { dsn }
      const session = await openSession(address, { database: null, statementTimeoutMs: TIMEOUT_MS })
      try {
        await session.rows('SET default_transaction_read_only = on')
        const [[schema, version] = []] = await session.rows(
          `SELECT n.nspname, current_setting('server_version_num') FROM pg_extension e
             JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_stat_statements'`,
        )
        if (schema == null) throw missing()
        const has = Number(version) >= 140_000
        const place = quoteName(schema)
        const rows = await session.rows(
          `SELECT query, sum(calls) FROM ${place}.pg_stat_statements s JOIN pg_roles r ON r.oid = s.userid
             WHERE s.dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) ${has ? 'AND s.toplevel' : ''}
               ${role === null ? '' : `AND r.rolname = ${quoteText(role)}`}
             GROUP BY query ORDER BY 2 DESC LIMIT ${limit}`,
        )
        const [[thrownOut = '0'] = []] = has
          ? await session.rows(`SELECT dealloc FROM ${place}.pg_stat_statements_info`)
          : []
        const statements = rows.map(([text, calls]) => ({ text: text ?? '', calls: Number(calls) }))
        return { statements, thrownOut: Number(thrownOut) }
      } finally {
        await session.end()
      }
    },
  }
}

function missing(): BackflipError {
  return new BackflipError('the database keeps no statistics of statements', {
    code: 'no-statement-statistics',
    kind: 'failed',
    hint: 'shared_preload_libraries = pg_stat_statements, a restart, then CREATE EXTENSION pg_stat_statements; or record a test suite: backflip migrations record',
  })
}
