import type { BrokenRelease } from '../../domain/compatibility/judged.ts'
import { type Break, MAX_BREAKS, type ReleaseVerdict } from '../../domain/compatibility/verdict.ts'
import { type Sha, short } from '../../domain/ids.ts'
import type { Manifest } from '../../domain/release.ts'
import { type FoundBreak, judgeRelease } from '../../migrations/compatibility/judge-release.ts'
import type { Replayer, ReplayFile } from '../../migrations/compatibility/replay-files.ts'
import type { Usage } from '../../migrations/compatibility/usage.ts'
import { verifyInverse } from '../../migrations/compatibility/verify-inverse.ts'
import { type AppliedHistory, isKnown, type Known, type KnownMigration, type MigrationReader } from './read-history.ts'

export interface SchemaAfter {
  readonly files: readonly KnownMigration[]
  readonly inverses: AppliedHistory['inverses']
}

export interface OneAsk {
  readonly sha: Sha
  readonly manifest: Manifest | null
  readonly replay: Replayer
  readonly reader: MigrationReader
  readonly usage: Usage | null
  readonly today: string
}

export interface Judgement {
  readonly verdict: ReleaseVerdict
  readonly causes: BrokenRelease['causes']
  /** What the release was written for, and what was applied since. */
  readonly base: readonly KnownMigration[]
  readonly since: readonly KnownMigration[]
}

/** One release on one schema. */
export async function judgeOne(ask: OneAsk, schema: Known<SchemaAfter>): Promise<Judgement> {
  const { sha, manifest, reader, replay } = ask
  const nobodyKnows = (because: string): Judgement => ({
    verdict: { sha, verdict: 'unknown', because, breaks: [] },
    causes: [],
    base: [],
    since: [],
  })
  if (manifest === null) return nobodyKnows('its manifest is gone')
  const own = await reader(manifest)
  if (!isKnown(own)) return nobodyKnows(own.why)
  if (!isKnown(schema)) return nobodyKnows(schema.why)
  const applied = new Set(schema.known.files.map(({ name }) => name))
  const lacking = own.known.find(({ name }) => !applied.has(name))
  if (lacking !== undefined) return nobodyKnows(`it carries ${lacking.name}, which is not applied`)
  const base = own.known
  const since = sinceOf(base, schema.known, replay)
  const files = since.map(({ file }) => file)
  if (files.length === 0) {
    const verdict = {
      sha,
      verdict: 'compatible',
      because: 'it carries every migration that is applied',
      breaks: [],
    } as const
    return { verdict, causes: [], base, since }
  }
  const { breaks, cleared, unreadable } = judgeRelease(replay, {
    base: base.map(({ file }) => file),
    since: files,
    usage: ask.usage,
    today: ask.today,
  })
  const causes = breaks.map(({ rule, file }) => ({ rule, migration: file.name }))
  return { verdict: verdictOn(ask, { base, since, breaks, cleared, unreadable }), causes, base, since }
}

/** What was applied and the release does not carry; with what was taken back by hand since, when that is proved to be the inverse. */
function sinceOf(
  base: readonly KnownMigration[],
  { files, inverses }: SchemaAfter,
  replay: Replayer,
): readonly KnownMigration[] {
  const carried = new Set(base.map(({ name }) => name))
  let since = files.filter(({ name }) => !carried.has(name))
  for (const { of, sha256, file } of inverses) {
    const migration = files.find(({ name }) => name === of)
    if (migration === undefined || file === null) continue
    const takenBack = new Set<ReplayFile>([migration.file])
    const all = files.map((one) => one.file)
    if (!verifyInverse(replay, { base: [], since: all, takenBack, inverse: file }).isVerified) continue
    since = carried.has(of)
      ? [...since, { name: file.name, path: file.path, sha256, file, inverse: null }]
      : since.filter(({ name }) => name !== of)
  }
  return since
}

interface Found {
  readonly base: readonly KnownMigration[]
  readonly since: readonly KnownMigration[]
  readonly breaks: readonly FoundBreak[]
  readonly cleared: readonly FoundBreak[]
  readonly unreadable: readonly string[]
}

function verdictOn({ sha, replay }: OneAsk, { base, since, breaks, cleared, unreadable }: Found): ReleaseVerdict {
  const [first] = breaks
  if (first !== undefined) {
    const more = breaks.length === 1 ? '' : ` and ${breaks.length - 1} more`
    return {
      sha,
      verdict: 'incompatible',
      because: `${first.file.name}: ${first.message}${more}`,
      breaks: breaks.slice(0, MAX_BREAKS).map((one) => toBreak(one, base, since, replay)),
    }
  }
  if (unreadable.length > 0) {
    const because = `${unreadable[0] ?? ''} cannot be read whole, and is applied after what ${short(sha)} carries`
    return { sha, verdict: 'unknown', because, breaks: [] }
  }
  const survives = `it survives ${since.length === 1 ? 'the migration' : `the ${since.length} migrations`} since`
  const [passed] = cleared
  const because = passed === undefined ? survives : `${survives}: ${passed.file.name} ${passed.message}`
  return { sha, verdict: 'compatible', because, breaks: [] }
}

function toBreak(
  { rule, file, line, statement, message, sqlstate }: FoundBreak,
  base: readonly KnownMigration[],
  since: readonly KnownMigration[],
  replay: Replayer,
): Break {
  const inverse = since.find((one) => one.file === file)?.inverse ?? null
  const proof =
    inverse === null
      ? null
      : verifyInverse(replay, {
          base: base.map((one) => one.file),
          since: since.map((one) => one.file),
          takenBack: new Set([file]),
          inverse,
        })
  return {
    rule,
    migration: file.name,
    line,
    statement,
    message,
    sqlstate,
    inverse: proof?.isVerified === true ? (inverse?.path ?? null) : null,
    lost: proof?.isVerified === true ? proof.lost.slice(0, MAX_BREAKS) : [],
  }
}
