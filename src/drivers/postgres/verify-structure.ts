import { otherDatabases } from './databases.ts'
import { APPLICATION, lines, type PostgresHost, runTool } from './host.ts'
import { psql } from './psql.ts'
import type { Seen } from './verify.ts'

const LIMIT_MS = 4 * 60 * 60_000

/**
 * Every table and every B-tree index, and each row of a table looked for in its indexes. Without the extension the tool *skips* the database
 * with a warning (measured, research/reliability §5.3), so a word of skipping counts as failed, and the extension is made first, in each
 * database of the copy. Other words are kept: they say which relation is broken.
 */
export async function checkStructure(host: PostgresHost): Promise<Seen> {
  const databases = [host.config.database, ...(await otherDatabases(host))]
  for (const database of databases) await psql(host, { database, script: 'CREATE EXTENSION IF NOT EXISTS amcheck;' })
  const { config } = host
  const { exitCode, stdout, stderr } = await runTool(
    host,
    'pg_amcheck',
    [
      `--host=${config.socketFolder}`,
      `--port=${config.port}`,
      `--username=${config.role}`,
      '--no-password',
      '--heapallindexed',
      '--jobs=2',
      ...databases.map((name) => `--database=${pattern(name)}`),
    ],
    { timeoutMs: LIMIT_MS, env: { PGAPPNAME: APPLICATION } },
  )
  const said = lines(`${stdout}\n${stderr}`, 20)
  const isSkipped = said.some((line) => /skipping database|no relations to check/.test(line))
  if (exitCode === 0 && !isSkipped) {
    return { result: 'passed', detail: `${databases.length} databases, every row found in its indexes` }
  }
  return { result: 'failed', detail: said.join('; ') || `pg_amcheck ended with ${exitCode}` }
}

/** The tool reads names as patterns, as psql's `\d` does: quoted, a name is itself. */
function pattern(database: string): string {
  return `"${database.replaceAll('"', '""')}"`
}
