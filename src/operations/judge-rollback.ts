import type { EnvironmentRecord } from '../domain/history/record.ts'
import type { ReleaseFacts } from '../domain/plan/facts.ts'
import { judgeSources } from './compatibility.ts'
import type { Environment } from './environment.ts'
import type { JudgedFully } from './migrations/judge-migrations.ts'

/** One release on today's schema, by its SQL and not by what the journal says. */
export async function judgeRollback(
  environment: Environment,
  record: EnvironmentRecord,
  { manifest }: ReleaseFacts,
): Promise<JudgedFully> {
  const { judgeMigrations } = await import('./migrations/apart.ts')
  return judgeMigrations({ record, manifest, migrates: false, window: [] }, judgeSources(environment, manifest))
}
