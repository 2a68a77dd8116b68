import { judgeRelease } from '../../../migrations/compatibility/judge-release.ts'
import { type Replayer, replayer } from '../../../migrations/compatibility/replay-files.ts'
import type { ServerFacts } from '../../../migrations/replay/replay.ts'
import type { SqlParser } from '../../../migrations/sql/parser.ts'
import type { AppliedFile, Shadow, ShadowCopy, ShadowDatabase, Tried, TriedAsk } from '../../../ports/shadow.ts'
import { checkInverses, type InverseResult } from './check-inverses.ts'
import type { CheckSubject, PendingFile } from './check-subject.ts'
import { toTries } from './compare-tries.ts'
import { lockFindings } from './lock-findings.ts'
import { makeReport } from './make-report.ts'
import type { CheckReport } from './report.ts'
import { toShadowFile } from './shadow-file.ts'
import { tablesToSeed } from './tables-to-seed.ts'

export interface CheckAsk {
  readonly subject: CheckSubject
  readonly parser: SqlParser
  readonly server: ServerFacts
  readonly shadow: Shadow
  /** `2026-11-25`. */
  readonly today: string
}

/** What was seen on the shadow. */
export interface Observed {
  readonly applied: readonly AppliedFile[]
  readonly shapes: { readonly before: readonly string[]; readonly after: readonly string[] }
  readonly before: readonly Tried[]
  readonly after: readonly Tried[]
  readonly stale: Awaited<ReturnType<ShadowCopy['stale']>>
  readonly inverses: readonly InverseResult[]
  readonly rows: ReadonlyMap<string, number>
  /** Made-up rows did not pass what a migration asks of rows, so it was tried again without. */
  readonly withoutRows: string | null
}

export const MAX_STATEMENTS = 2_000

/** Replays the history, applies what is pending in a copy of it, and tries there what the releases ask. */
export async function runCheck(ask: CheckAsk): Promise<CheckReport> {
  const { subject, parser, server, today } = ask
  const replay = replayer(parser, server)
  const judgements = subject.releases.map(({ usage, base, since }) =>
    judgeRelease(replay, { base, since, usage, today }),
  )
  const statements = subject.releases.flatMap(({ usage }) => usage?.statements ?? [])
  const tries = toTries(parser, statements).slice(0, MAX_STATEMENTS)
  const history = subject.history.map((file) => toShadowFile(file, replay.parse(file)))
  const locks = lockFindings(parser, subject, server, today)
  return ask.shadow.with(async (database) => {
    const prepared = await database.prepare(history)
    const work = { subject, replay, tries, tables: tablesToSeed(replay, subject, judgements) }
    const observed = await observe(database, work)
    return makeReport({ ...ask, database, prepared, judgements, locks, observed, replay })
  })
}

interface Work {
  readonly subject: CheckSubject
  readonly replay: Replayer
  readonly tries: readonly TriedAsk[]
  readonly tables: readonly string[]
}

async function observe(database: ShadowDatabase, work: Work): Promise<Observed> {
  const first = await onCopy(database, work, work.tables, null)
  const failure = first.applied.find((one) => one.failure !== null)?.failure
  // Classes 22 and 23 are about values: ours say nothing about theirs.
  const isAboutRows =
    failure != null && /^2[23]/.test(failure.sqlstate) && [...first.rows.values()].some((rows) => rows > 0)
  return isAboutRows ? onCopy(database, work, [], `${failure.sqlstate} ${failure.message}`) : first
}

async function onCopy(
  database: ShadowDatabase,
  { subject, replay, tries }: Work,
  tables: readonly string[],
  withoutRows: string | null,
): Promise<Observed> {
  const copy = await database.copy()
  try {
    const rows = await copy.seed(tables)
    const before = await copy.tryAll(tries)
    await copy.keepPrepared(tries)
    const shapes = [await copy.shape()]
    const applied = await applyAll(copy, subject.pending, replay, shapes)
    const isWhole = applied.every(({ failure }) => failure === null)
    const after = isWhole ? await copy.tryAll(tries) : []
    const stale = isWhole ? await copy.stale() : []
    const last = await copy.shape()
    const inverses = isWhole ? await checkInverses({ copy, subject, replay, shapes, tries, before }) : []
    return {
      applied,
      shapes: { before: shapes[0] ?? [], after: last },
      before,
      after,
      stale,
      inverses,
      rows,
      withoutRows,
    }
  } finally {
    await copy.close()
  }
}

/** In order, until one fails. The shape before each is kept where a later one has to be the same. */
async function applyAll(
  copy: ShadowCopy,
  pending: readonly PendingFile[],
  replay: Replayer,
  shapes: (readonly string[])[],
): Promise<readonly AppliedFile[]> {
  const hasInverse = pending.some(({ inverse }) => inverse !== null)
  const applied: AppliedFile[] = []
  for (const [index, { file }] of pending.entries()) {
    if (hasInverse && index > 0) shapes.push(await copy.shape())
    const one = await copy.apply(toShadowFile(file, replay.parse(file)))
    applied.push(one)
    if (one.failure !== null) break
  }
  return applied
}
