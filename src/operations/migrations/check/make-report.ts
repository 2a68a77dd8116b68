import type { ReleaseJudgement } from '../../../migrations/compatibility/judge-release.ts'
import type { Replayer } from '../../../migrations/compatibility/replay-files.ts'
import type { ReportedFinding } from '../../../migrations/lint/report.ts'
import type { ShadowDatabase, ShadowHistory } from '../../../ports/shadow.ts'
import { checkRelease } from './check-release.ts'
import type { CheckSubject, SubjectRelease } from './check-subject.ts'
import { allowedLines } from './lock-findings.ts'
import type { CheckedFile, CheckedInverse, CheckedRelease, CheckReport } from './report.ts'
import type { CheckAsk, Observed } from './run-check.ts'
import { weighLocks } from './weigh-locks.ts'

export interface Seen extends CheckAsk {
  readonly database: ShadowDatabase
  readonly prepared: ShadowHistory
  readonly judgements: readonly ReleaseJudgement[]
  readonly locks: ReadonlyMap<string, readonly ReportedFinding[]>
  readonly observed: Observed
  readonly replay: Replayer
}

/** Puts together what was seen. Pure. */
export function makeReport(seen: Seen): CheckReport {
  const { subject, database, prepared, observed, judgements, server } = seen
  const files = checkedFiles(seen)
  const isApplied = observed.applied.length === subject.pending.length && files.every(({ failure }) => failure === null)
  const releases = subject.releases.map((release: SubjectRelease, index) =>
    checkRelease(release, judgements[index], isApplied ? observed : null),
  )
  const [has, had] = [new Set(observed.shapes.after), new Set(observed.shapes.before)]
  const { kind, place, major, notSeen } = database
  const report = {
    postgres: { kind, place, major, isAsked: major === server.major, notSeen },
    history: prepared,
    files,
    schema: {
      added: observed.shapes.after.filter((line) => !had.has(line)),
      removed: observed.shapes.before.filter((line) => !has.has(line)),
    },
    releases,
    inverses: observed.inverses,
  }
  return { ...report, blocks: blocksOf(files, releases, observed.inverses), warnings: warningsOf(report, seen) }
}

function checkedFiles({ subject, observed, locks, replay }: Seen): readonly CheckedFile[] {
  const allowed = allowedLines(replay, subject)
  return subject.pending.flatMap(({ file }, index) => {
    const applied = observed.applied[index]
    if (applied === undefined) return []
    const [problem] = replay.parse(file).problems
    const failure =
      applied.failure ?? (problem === undefined ? null : { sqlstate: '42601', message: problem.message, line: null })
    const measured = { rows: observed.rows, allowed: allowed.get(file.path) ?? new Set<number>() }
    const rules = weighLocks(file.path, locks.get(file.path) ?? [], applied.effects, measured)
    return [{ path: file.path, failure, effects: applied.effects, rules }]
  })
}

function blocksOf(
  files: readonly CheckedFile[],
  releases: readonly CheckedRelease[],
  inverses: readonly CheckedInverse[],
): readonly string[] {
  return [
    ...files.flatMap(({ path, failure }) =>
      failure === null
        ? []
        : [
            `${path}${failure.line === null ? '' : `:${failure.line}`} does not apply: ${failure.sqlstate} ${failure.message}`,
          ],
    ),
    ...files.flatMap(({ rules }) =>
      rules
        .filter(({ shadow }) => shadow !== 'overridden')
        .map(({ path, line, rule, message, why }) => `${path}:${line} ${rule}: ${message} (${why})`),
    ),
    ...releases.flatMap(({ release, verdict, broken, rules }) => {
      if (verdict === 'survives') return []
      const standing = rules.filter(({ shadow }) => shadow !== 'overridden')
      if (broken.length === 0)
        return standing.map(
          ({ path, line, rule, message, why }) => `${release}: ${path}:${line} ${rule}: ${message} (${why})`,
        )
      const [first] = broken
      const more = broken.length === 1 ? '' : `, and ${broken.length - 1} more`
      return [`${release} does not survive: ${first?.sqlstate ?? ''} ${first?.message ?? ''}${more}`]
    }),
    ...inverses.flatMap(({ path, verdict, failure, differences }) => {
      if (verdict === 'fails')
        return [`the inverse ${path} fails: ${failure?.sqlstate ?? ''} ${failure?.message ?? ''}`]
      return verdict === 'differs'
        ? [`the inverse ${path} does not restore the schema: ${differences[0] ?? 'a query still fails'}`]
        : []
    }),
  ]
}

function warningsOf(
  { postgres, releases, history }: Pick<CheckReport, 'postgres' | 'releases' | 'history'>,
  { server, observed, subject, replay }: Seen,
): readonly string[] {
  const { problems } = history
  const [problem] = problems
  const more = problems.length === 1 ? '' : `, and ${problems.length - 1} more`
  return [
    ...(postgres.isAsked ? [] : [`tried on PostgreSQL ${postgres.major}, and ${server.major} was asked for`]),
    ...(problem === undefined
      ? []
      : [
          `not all of the history applies here: ${problem.file}: ${problem.failure.sqlstate} ${problem.failure.message}${more}`,
        ]),
    ...unreadHistory(subject, replay),
    ...triedApart(subject),
    ...(observed.withoutRows === null
      ? []
      : [
          `made-up rows do not pass (${observed.withoutRows}), so it was tried without rows: whether yours pass nobody can say here`,
        ]),
    ...releases.flatMap(({ release, stale }) =>
      stale.length === 0
        ? []
        : [
            `${release}: ${stale.length} prepared queries fail once in connections that live through the deploy (${stale[0]?.sqlstate ?? ''}): renew the pool, or let the driver prepare them again`,
          ],
    ),
    ...(subject.releases.some(({ usage }) => (usage?.statements.length ?? 0) > 0)
      ? []
      : ['no query of any release is known: backflip migrations usage collects them']),
  ]
}

function triedApart({ pending }: CheckSubject): readonly string[] {
  const batch = pending.filter(({ file }) => file.transaction === 'batch')
  if (batch.length < 2) return []
  return [
    `the runner puts these ${batch.length} files into one transaction, and here each had its own: a lock of the first is held over the last, and a new value of an enum cannot be used in the same deploy`,
  ]
}

/** What the grammar does not take is not sent, and what it would have made is not there. */
function unreadHistory({ history }: CheckSubject, replay: Replayer): readonly string[] {
  const unread = history.filter((file) => replay.parse(file).problems.length > 0)
  const [first] = unread
  const more = unread.length === 1 ? '' : `, and ${unread.length - 1} more`
  return first === undefined ? [] : [`not all of the history can be read as SQL: ${first.path}${more}`]
}
