import type { BrokenRelease, JudgedMigrations } from '../../domain/compatibility/judged.ts'
import type { EnvironmentRecord } from '../../domain/history/record.ts'
import type { Sha } from '../../domain/ids.ts'
import type { Json } from '../../domain/json.ts'
import type { Manifest } from '../../domain/release.ts'
import { canonicalJson } from '../../lib/canonical-json.ts'
import { sha256Hex } from '../../lib/sha256.ts'
import { replayer } from '../../migrations/compatibility/replay-files.ts'
import { loadParser } from '../../migrations/sql/parser.ts'
import { type Judgement, judgeOne, type SchemaAfter } from './judge-one.ts'
import {
  type AppliedHistory,
  isKnown,
  type JudgeSources,
  type Known,
  type KnownMigration,
  migrationReader,
  readHistory,
  without,
} from './read-history.ts'

export interface JudgeAsk {
  readonly record: EnvironmentRecord
  /** The release that is to migrate, or, of a rollback, the one whose settings the texts are read with. */
  readonly manifest: Manifest
  /** Whether it migrates: a rollback does not. */
  readonly migrates: boolean
  /** Who may have to serve afterwards. */
  readonly window: readonly Sha[]
}

export interface JudgedFully {
  readonly judged: JudgedMigrations
  /** Uncut, for an override: `since` and the texts too. */
  readonly judgements: readonly Judgement[]
  readonly applied: readonly KnownMigration[]
  readonly pending: readonly KnownMigration[]
}

/** Judges each release of the window, and the one at hand, by everything that is applied after it and that it does not carry. */
export async function judgeMigrations(ask: JudgeAsk, sources: JudgeSources): Promise<JudgedFully> {
  const { record, manifest, migrates, window } = ask
  const { migrationFiles } = manifest
  const server = { major: migrationFiles?.postgres ?? 18, timeZone: migrationFiles?.timeZone ?? 'UTC' }
  const replay = replayer(await loadParser(), server)
  const reader = migrationReader(sources)
  const history = await readHistory(record, sources, reader)
  const own = await reader(manifest)
  const pending = pendingOf(history, own, migrates)
  const [before, after] = schemas(history, pending)
  const shas = [...new Set([...window, manifest.sha])]
  const judgements: Judgement[] = []
  const broken: BrokenRelease[] = []
  for (const sha of shas) {
    const release = sha === manifest.sha ? manifest : await sources.manifestOf(sha)
    const asked = { sha, manifest: release, replay, reader, usage: await sources.usageOf(sha), today: sources.today }
    const judgement = await judgeOne(asked, after)
    judgements.push(judgement)
    if (judgement.causes.length === 0) continue
    // What is lost already keeps nobody back; the release at hand is to serve.
    const wasBroken = sha !== manifest.sha && (await judgeOne(asked, before)).causes.length > 0
    if (!wasBroken) broken.push({ sha, causes: judgement.causes })
  }
  const carried = new Set(manifest.migrations.map(({ name }) => name))
  const files = isKnown(after) ? after.known.files : []
  const found = {
    sha: manifest.sha,
    pending: isKnown(pending) ? pending.known.map(({ name }) => name) : null,
    why: isKnown(pending) ? null : pending.why,
    edited: editedIn(manifest, isKnown(before) ? before.known.files : []),
    extra: files.filter(({ name }) => !carried.has(name)).map(({ name, path, sha256 }) => ({ name, path, sha256 })),
    inverses: record.schema.now?.inverses ?? [],
    verdicts: judgements.map(({ verdict }) => verdict),
    broken,
  }
  return {
    judged: { ...found, digest: sha256Hex(canonicalJson(found as unknown as Json)) },
    judgements,
    applied: isKnown(before) ? before.known.files : [],
    pending: isKnown(pending) ? pending.known : [],
  }
}

/** The schema as it is known to be, and as it will be at most: a migration that did not end well may be in it. */
function schemas(
  history: Known<AppliedHistory>,
  pending: Known<readonly KnownMigration[]>,
): readonly [before: Known<SchemaAfter>, after: Known<SchemaAfter>] {
  if (!isKnown(history)) return [history, history]
  const { applied, maybe, inverses } = history.known
  const before = { known: { files: applied, inverses } }
  if (!isKnown(pending)) return [before, pending]
  const there = [...applied, ...maybe]
  return [before, { known: { files: [...there, ...without(pending.known, there)], inverses } }]
}

/** New minus applied; what may be there already or not is pending too. */
function pendingOf(
  history: Known<AppliedHistory>,
  own: Known<readonly KnownMigration[]>,
  migrates: boolean,
): Known<readonly KnownMigration[]> {
  if (!migrates) return { known: [] }
  if (!isKnown(own)) return own
  return isKnown(history) ? { known: without(own.known, history.known.applied) } : history
}

function editedIn({ migrations }: Manifest, applied: readonly KnownMigration[]): readonly string[] {
  const known = new Map(applied.map(({ name, sha256 }) => [name, sha256]))
  return migrations.filter(({ name, sha256 }) => (known.get(name) ?? sha256) !== sha256).map(({ name }) => name)
}
