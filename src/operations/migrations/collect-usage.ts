import type { RecordedStatement, ReleaseUsage } from '../../domain/compatibility/usage.ts'
import { refusal } from '../../domain/errors.ts'
import { type Sha, short } from '../../domain/ids.ts'
import { replayer } from '../../migrations/compatibility/replay-files.ts'
import { readUsage } from '../../migrations/compatibility/usage.ts'
import { loadParser, type SqlParser } from '../../migrations/sql/parser.ts'
import { collectQueries, type QueryCollector } from '../../migrations/usage/collect-queries.ts'
import { readLog } from '../../migrations/usage/read-log.ts'
import type { Database } from '../../ports/database.ts'
import { judgeSources } from '../compatibility.ts'
import type { Environment } from '../environment.ts'
import { releaseFacts } from '../observe.ts'
import { isKnown, migrationReader } from './read-history.ts'

/** Where the queries of a release come from. */
export type UsageSource =
  | {
      readonly kind: 'pg_stat_statements'
      readonly database: Pick<Database, 'askedStatements'>
      readonly role: string | null
    }
  | { readonly kind: 'log'; readonly lines: Iterable<string> }
  /** What `migrations record` wrote. */
  | { readonly kind: 'recording'; readonly statements: readonly RecordedStatement[]; readonly leftOut: number }

export interface CollectedUsage {
  readonly usage: ReleaseUsage
  /** Heard, and not kept: other kinds of statements, and what may ask anything. */
  readonly left: { readonly others: number; readonly unkept: number }
  /** Why nobody can say which columns they use; null when it is known. */
  readonly unresolved: string | null
}

const MAX_ASKED = 20_000

/**
 * Collects what a release asks and keeps it with the release; `merge` adds to what is kept. Error `no-queries` (kind `refused`) when there is none: an
 * empty collection would say that the release needs nothing.
 */
export async function collectUsage(
  environment: Environment,
  { sha, source, merge }: { readonly sha: Sha; readonly source: UsageSource; readonly merge: boolean },
): Promise<CollectedUsage> {
  const parser = await loadParser()
  const kept = merge ? await environment.usage.read(sha) : null
  const { statements, left } = await statementsFrom(parser, source, kept?.statements ?? [])
  if (statements.length === 0)
    throw refusal('no query was found', {
      code: 'no-queries',
      details: [`${left.others} other statements were`],
      hint: 'is it the right database, role or file? nothing was kept',
    })
  const { uses, unresolved } = await usesOf(environment, parser, sha, statements)
  const sources = new Set([...(kept?.source.split(', ') ?? []), source.kind])
  const usage: ReleaseUsage = {
    version: 1,
    sha,
    source: [...sources].join(', '),
    collectedAt: environment.clock.now(),
    uses,
    statements,
    leftOut: left.unkept + (kept?.leftOut ?? 0) + (source.kind === 'recording' ? source.leftOut : 0),
  }
  await environment.usage.write(usage)
  return { usage, left, unresolved }
}

async function statementsFrom(
  parser: SqlParser,
  source: UsageSource,
  kept: readonly RecordedStatement[],
): Promise<{ readonly statements: readonly RecordedStatement[]; readonly left: ReturnType<QueryCollector['left']> }> {
  // Constants of a recording are a test suite's; those of a log are people's.
  const collector = collectQueries(parser, source.kind === 'recording')
  for (const one of source.kind === 'recording' ? [...kept, ...source.statements] : []) addRecorded(collector, one)
  if (source.kind === 'log') for (const text of readLog(source.lines)) collector.add({ text })
  let thrownOut = 0
  if (source.kind === 'pg_stat_statements') {
    const asked = await source.database.askedStatements({ role: source.role, limit: MAX_ASKED })
    for (const one of asked.statements) collector.add(one)
    thrownOut = asked.thrownOut
  }
  const { others, unkept } = collector.left()
  const left = { others, unkept: unkept + thrownOut }
  if (source.kind === 'recording') return { statements: collector.queries(), left }
  // What is kept already stays as it is: it may have been recorded with its parameters.
  const known = new Set(kept.map(({ text }) => parser.fingerprint(text)))
  const more = collector.queries().filter(({ text }) => !known.has(parser.fingerprint(text)))
  return { statements: [...kept, ...more], left }
}

function addRecorded(collector: QueryCollector, { text, calls, parameterTypes, samples }: RecordedStatement): void {
  collector.add({ text, calls, parameterTypes })
  for (const values of samples) collector.add({ text, parameterTypes, values })
}

/** By the schema that the release's own migrations build. */
async function usesOf(
  environment: Environment,
  parser: SqlParser,
  sha: Sha,
  statements: readonly RecordedStatement[],
): Promise<{ readonly uses: readonly string[]; readonly unresolved: string | null }> {
  const { manifest } = await releaseFacts(environment, sha)
  const own = await migrationReader(judgeSources(environment, manifest))(manifest)
  if (!isKnown(own)) return { uses: [], unresolved: own.why }
  const server = {
    major: manifest.migrationFiles?.postgres ?? 18,
    timeZone: manifest.migrationFiles?.timeZone ?? 'UTC',
  }
  const { replay } = replayer(parser, server).begin(own.known.map(({ file }) => file))
  const { uses, queries } = readUsage(replay, { uses: [], statements }, new Map())
  const unread = queries.filter((one) => one === null).length
  return {
    uses: uses.toSorted(),
    unresolved: unread === 0 ? null : `${unread} queries of ${short(sha)} cannot be read`,
  }
}
