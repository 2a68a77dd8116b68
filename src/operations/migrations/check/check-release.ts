import type { RecordedStatement } from '../../../domain/compatibility/usage.ts'
import type { ReleaseJudgement } from '../../../migrations/compatibility/judge-release.ts'
import type { Tried } from '../../../ports/shadow.ts'
import type { SubjectRelease } from './check-subject.ts'
import { compareTries, type Outcome, toBroken, tryId } from './compare-tries.ts'
import type { BrokenQuery, CheckedRelease } from './report.ts'
import type { Observed } from './run-check.ts'
import { weighRules } from './weigh-rules.ts'

/** What became of one release's queries. Pure. `observed` is null when the migrations did not apply. */
export function checkRelease(
  { name, usage }: SubjectRelease,
  judgement: ReleaseJudgement | undefined,
  observed: Observed | null,
): CheckedRelease {
  const statements = usage?.statements ?? []
  const outcomes = statements.map((one) => outcomeOf(one, observed))
  const rules =
    judgement === undefined ? [] : weighRules(judgement, { statements, leftOut: usage?.leftOut ?? 0 }, outcomes)
  const broken: BrokenQuery[] = []
  const notRun: { text: string; why: string }[] = []
  const notJudged: BrokenQuery[] = []
  for (const [index, outcome] of outcomes.entries()) {
    const text = statements[index]?.text ?? ''
    if (outcome.kind === 'broken') broken.push(toBroken(text, outcome.failure, outcome.isGenerated))
    else if (outcome.kind === 'not-run') notRun.push({ text, why: outcome.why })
    else if (outcome.kind === 'not-judged') notJudged.push(toBroken(text, outcome.failure))
  }
  return {
    release: name,
    verdict: verdictOf(
      broken.length,
      rules.some(({ shadow }) => shadow === 'open'),
      observed === null,
    ),
    queries: statements.length,
    broken,
    stale: staleOf(statements, outcomes, observed),
    notRun,
    notJudged,
    rules,
  }
}

function verdictOf(broken: number, isOpen: boolean, isUnobserved: boolean): CheckedRelease['verdict'] {
  if (broken > 0) return 'broken'
  return isOpen || isUnobserved ? 'unknown' : 'survives'
}

const NOT_TRIED: Outcome = { kind: 'not-run', why: 'the migrations do not apply' }

function outcomeOf(statement: RecordedStatement, observed: Observed | null): Outcome {
  if (observed === null) return NOT_TRIED
  const find = (tried: readonly Tried[]) => tried.find(({ id }) => id === tryId(statement))
  const [before, after] = [find(observed.before), find(observed.after)]
  return before === undefined || after === undefined
    ? { kind: 'not-run', why: 'it cannot be prepared as it is, or is one of too many' }
    : compareTries(before, after)
}

/** Of those that work when they are prepared anew. */
function staleOf(
  statements: readonly RecordedStatement[],
  outcomes: readonly Outcome[],
  observed: Observed | null,
): readonly BrokenQuery[] {
  const stale = new Map(observed?.stale.map(({ id, failure }) => [id, failure]))
  return statements.flatMap((one, index) => {
    const failure = stale.get(tryId(one))
    const isBroken = outcomes[index]?.kind === 'broken' || outcomes[index]?.kind === 'not-judged'
    return failure === undefined || isBroken ? [] : [toBroken(one.text, failure)]
  })
}
