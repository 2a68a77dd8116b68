import type { EnvironmentRecord, SchemaState } from '../../domain/history/record.ts'
import { type Sha, short } from '../../domain/ids.ts'
import type { CarriedMigration, Manifest } from '../../domain/release.ts'
import type { ReplayFile } from '../../migrations/compatibility/replay-files.ts'
import type { Usage } from '../../migrations/compatibility/usage.ts'
import { inversePathOf, inverseTextOf } from '../../migrations/layout/inverse.ts'
import { LAYOUT_NAMES, LAYOUTS, type Layout } from '../../migrations/layout/layouts.ts'
import { readMigration } from '../../migrations/layout/read-migration.ts'

/** Where manifests, texts and usage come from. */
export interface JudgeSources {
  /** Null when neither the cache nor the registry has it. */
  readonly manifestOf: (sha: Sha) => Promise<Manifest | null>
  readonly textsOf: (manifest: Manifest) => Promise<ReadonlyMap<string, Uint8Array> | null>
  /** A text that was kept on this host. */
  readonly kept: (sha256: string) => Promise<string | null>
  readonly usageOf: (sha: Sha) => Promise<Usage | null>
  /** `2026-11-25`. */
  readonly today: string
}

/** A migration as it was applied, or would be. */
export interface KnownMigration extends CarriedMigration {
  readonly file: ReplayFile
  /** Its own SQL for the way back, as its release carries it. */
  readonly inverse: ReplayFile | null
}

export type Known<T> = { readonly known: T } | { readonly why: string }

export function isKnown<T>(one: Known<T>): one is { readonly known: T } {
  return 'known' in one
}

/** Reads the migrations of releases, each text once: the same migration of two releases is the same object. */
export function migrationReader(sources: JudgeSources) {
  const releases = new Map<Sha, Promise<Known<readonly KnownMigration[]>>>()
  const files = new Map<string, KnownMigration>()
  const read = async (manifest: Manifest): Promise<Known<readonly KnownMigration[]>> => {
    const { migrationFiles, sha } = manifest
    if (migrationFiles === undefined) return { why: `${short(sha)} does not say which migrations it carries` }
    const layoutName = LAYOUT_NAMES.find((one) => one === migrationFiles.layout)
    if (layoutName === undefined) return { why: `${short(sha)} has a layout that is not known here` }
    const texts = await sources.textsOf(manifest)
    if (texts === null) return { why: `the migrations of ${short(sha)} are gone` }
    const known: KnownMigration[] = []
    for (const one of manifest.migrations) {
      const bytes = texts.get(one.path)
      if (bytes === undefined) return { why: `${one.path} is not among the migrations of ${short(sha)}` }
      const key = `${one.path} ${one.sha256}`
      const found = files.get(key) ?? toKnown(one, bytes, texts, LAYOUTS[layoutName], migrationFiles.transaction)
      files.set(key, found)
      known.push(found)
    }
    return { known }
  }
  return (manifest: Manifest): Promise<Known<readonly KnownMigration[]>> => {
    const reading = releases.get(manifest.sha) ?? read(manifest)
    releases.set(manifest.sha, reading)
    return reading
  }
}

export type MigrationReader = ReturnType<typeof migrationReader>

function toKnown(
  one: CarriedMigration,
  bytes: Uint8Array,
  texts: ReadonlyMap<string, Uint8Array>,
  layout: Layout,
  transaction: ReplayFile['transaction'] | null,
): KnownMigration {
  const text = decode(bytes)
  const { name, path } = one
  const inversePath = inversePathOf(layout, path)
  const inverseBytes = inversePath === null ? undefined : texts.get(inversePath)
  const inverse = inverseBytes === undefined ? null : inverseTextOf(layout, decode(inverseBytes))
  return {
    ...one,
    file: { name, path, text, ...readMigration(layout, text, transaction) },
    inverse: inverse === null ? null : sqlFile(inversePath ?? path, inverse),
  }
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}

/** SQL that a person sends: all of it, in one transaction. */
export function sqlFile(path: string, text: string): ReplayFile {
  return { name: path, path, text, visible: text, transaction: 'file' }
}

/** What the database has, by the journal. */
export interface AppliedHistory {
  readonly applied: readonly KnownMigration[]
  /** Of a migration that did not end well: each may be there or not. */
  readonly maybe: readonly KnownMigration[]
  /** What a person took back by hand, with the SQL; null when that is no longer on this host. */
  readonly inverses: readonly { readonly of: string; readonly sha256: string; readonly file: ReplayFile | null }[]
}

/** Before anything was kept track of, the live release's own list is what is applied. */
export async function readHistory(
  { schema, live }: EnvironmentRecord,
  sources: JudgeSources,
  reader: MigrationReader,
): Promise<Known<AppliedHistory>> {
  if (schema.now?.sha === null)
    return {
      why: `data was replaced, or another journal taken over, at ${schema.now.at}: its migrations are not those that ran here`,
    }
  const sha = schema.now?.sha ?? live?.sha ?? null
  const now = sha === null ? { known: [] } : await stateFiles({ sha, extra: schema.now?.extra ?? [] }, sources, reader)
  if (!isKnown(now)) return now
  const next = schema.next === null ? { known: [] } : await stateFiles(schema.next, sources, reader)
  if (!isKnown(next)) return next
  const inverses = await Promise.all(
    (schema.now?.inverses ?? []).map(async ({ of, sha256 }) => {
      const text = await sources.kept(sha256)
      return { of, sha256, file: text === null ? null : sqlFile(`the inverse of ${of}`, text) }
    }),
  )
  return { known: { applied: now.known, maybe: without(next.known, now.known), inverses } }
}

async function stateFiles(
  { sha, extra }: Pick<SchemaState, 'sha' | 'extra'>,
  sources: JudgeSources,
  reader: MigrationReader,
): Promise<Known<readonly KnownMigration[]>> {
  const manifest = sha === null ? null : await sources.manifestOf(sha)
  if (manifest === null) return { why: `the release that migrated last is gone: ${sha ?? 'unknown'}` }
  const own = await reader(manifest)
  if (!isKnown(own)) return own
  const more: KnownMigration[] = []
  for (const one of extra) {
    const text = await sources.kept(one.sha256)
    if (text === null)
      return { why: `the text of ${one.name}, applied by a release that was taken back, is not on this host` }
    more.push({ ...one, file: sqlFile(one.path, text), inverse: null })
  }
  return { known: [...own.known, ...without(more, own.known)] }
}

/** By name: that is what a runner's own table goes by. */
export function without(
  all: readonly KnownMigration[],
  others: readonly CarriedMigration[],
): readonly KnownMigration[] {
  const names = new Set(others.map(({ name }) => name))
  return all.filter(({ name }) => !names.has(name))
}
