import type { JudgedMigrations } from '../domain/compatibility/judged.ts'
import { rollbackWindow } from '../domain/compatibility/window.ts'
import { BackflipError } from '../domain/errors.ts'
import type { EnvironmentRecord } from '../domain/history/record.ts'
import type { Sha } from '../domain/ids.ts'
import type { ReleaseFacts } from '../domain/plan/facts.ts'
import type { Manifest } from '../domain/release.ts'
import type { Environment } from './environment.ts'
import { type JudgedFully, judgeMigrations } from './migrations/judge-migrations.ts'
import type { JudgeSources } from './migrations/read-history.ts'
import { releaseFacts } from './observe.ts'
import { loadRecord } from './record.ts'

/** What a deploy's migrations do to the releases of the rollback window; null when the release says nothing of its migrations. */
export async function judgeDeploy(
  environment: Environment,
  record: EnvironmentRecord,
  { manifest }: ReleaseFacts,
): Promise<JudgedFully | null> {
  if (manifest.migrationFiles === undefined) return null
  return judgeMigrations(
    { record, manifest, migrates: true, window: rollbackWindow(record) },
    judgeSources(environment, manifest),
  )
}

/** One release on today's schema, by its SQL and not by what the journal says. */
export async function judgeRollback(
  environment: Environment,
  record: EnvironmentRecord,
  { manifest }: ReleaseFacts,
): Promise<JudgedFully> {
  return judgeMigrations({ record, manifest, migrates: false, window: [] }, judgeSources(environment, manifest))
}

/** As `judgeDeploy`, under the lease. What the release does not carry and the database has is kept on this host: no release may hold it any longer. */
export async function judgeInPhaseA(environment: Environment, sha: Sha): Promise<JudgedMigrations | null> {
  const record = await loadRecord(environment.journal)
  const full = await judgeDeploy(environment, record, await releaseFacts(environment, sha))
  if (full === null) return null
  const names = new Set(full.judged.extra.map(({ name }) => name))
  for (const { name, file } of full.applied) if (names.has(name)) await environment.texts.keep(file.text)
  return full.judged
}

/** `manifest` is the one at hand: it may be in no cache yet. */
export function judgeSources(environment: Environment, manifest: Manifest): JudgeSources {
  const { cache, registry, texts, usage, clock } = environment
  return {
    manifestOf: async (sha) =>
      sha === manifest.sha ? manifest : releaseFacts(environment, sha).then((found) => found.manifest, nullWhenGone),
    textsOf: (of) =>
      of.sha === manifest.sha
        ? cache.migrationTexts({ manifest: of, from: registry })
        : cache.migrationTexts({ manifest: of, from: registry }).catch(nullWhenGone),
    kept: (sha256) => texts.read(sha256),
    usageOf: (sha) => usage.read(sha),
    today: clock.now().slice(0, 10),
  }
}

/** An older release that was lost is judged "unknown"; that nobody can read a disk is another matter. */
function nullWhenGone(error: unknown): null {
  if (error instanceof BackflipError && error.kind === 'refused') return null
  throw error
}
