import { type ReleaseVerdict, verdictOf } from '../domain/compatibility/verdict.ts'
import { toErrorRecord } from '../domain/errors.ts'
import type { EnvironmentRecord } from '../domain/history/record.ts'
import type { Sha } from '../domain/ids.ts'
import type { ReleaseFacts } from '../domain/plan/facts.ts'
import type { Manifest } from '../domain/release.ts'
import type { Environment } from './environment.ts'

/**
 * Whether a release fits today's schema: by what the journal says since the last deploy judged it, without reading any SQL; else judged now. Null where
 * nothing migrates. A way back is not closed because nobody could judge it: then it is `unknown`.
 */
export async function targetVerdict(
  environment: Environment,
  record: EnvironmentRecord,
  target: ReleaseFacts,
  live: ReleaseFacts,
): Promise<ReleaseVerdict | null> {
  const known = verdictOf(record, target.sha)
  if (known !== null) return known
  const { schema } = record
  if (target.manifest.migrationFiles === undefined) {
    const neverMigrates = target.manifest.migrate === null && live.manifest.migrate === null && schema.now === null
    return neverMigrates ? null : unknown(target.sha, 'it does not say which migrations it carries')
  }
  if (schema.now === null && schema.next === null && carryTheSame(target.manifest, live.manifest))
    return {
      sha: target.sha,
      verdict: 'compatible',
      because: 'it carries the same migrations as the live release',
      breaks: [],
    }
  try {
    const { judgeRollback } = await import('./migrations/apart.ts')
    const { judged } = await judgeRollback(environment, record, target)
    return judged.verdicts.find(({ sha }) => sha === target.sha) ?? null
  } catch (error) {
    return unknown(target.sha, `it could not be judged: ${toErrorRecord(error).message}`)
  }
}

function unknown(sha: Sha, because: string): ReleaseVerdict {
  return { sha, verdict: 'unknown', because, breaks: [] }
}

function carryTheSame(a: Manifest, b: Manifest): boolean {
  const list = ({ migrations }: Manifest) => migrations.map(({ name, sha256 }) => `${name} ${sha256}`).join('\n')
  return b.migrationFiles !== undefined && list(a) === list(b)
}
