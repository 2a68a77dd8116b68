import type { FoundBreak, ReleaseJudgement } from '../../../migrations/compatibility/judge-release.ts'
import { meets } from '../../../migrations/usage/affects.ts'
import type { KnownUsage } from './check-subject.ts'
import type { Outcome } from './compare-tries.ts'
import type { RuleOnShadow } from './report.ts'

/**
 * What has to be seen before a rule is overridden. A name that is gone shows when a statement is prepared; whether a value is still taken shows when
 * it runs; whether it collides with other rows, or is hidden from a role, shows nowhere but on the real ones.
 */
function provedBy({ sqlstate }: FoundBreak): 'preparing' | 'running' | 'nothing' {
  if (sqlstate === null || sqlstate === '42501' || ['23503', '23505', '23P01'].includes(sqlstate)) return 'nothing'
  return sqlstate.startsWith('42') || sqlstate.startsWith('0A') ? 'preparing' : 'running'
}

/**
 * What the rules say of a release, against what its statements did. A rule is overridden only when all queries are known and each that meets the
 * change was tried; a query with made-up parameters proves no more than that it can be prepared.
 */
export function weighRules(
  { breaks, cleared, queries }: ReleaseJudgement,
  { statements, leftOut }: Pick<KnownUsage, 'statements' | 'leftOut'>,
  outcomes: readonly Outcome[],
): readonly RuleOnShadow[] {
  return [
    ...breaks.map((one) => ({ ...place(one), ...weigh(one) })),
    ...cleared.map((one) => ({
      ...place(one),
      shadow: 'overridden' as const,
      why: 'none of its known queries meets it',
    })),
  ]

  function weigh(one: FoundBreak): Pick<RuleOnShadow, 'shadow' | 'why'> {
    if (statements.length === 0) return { shadow: 'open', why: 'nobody collected what this release asks' }
    const isUnread = queries.includes(null)
    const meeting = outcomes.filter((_, index) => {
      const uses = queries[index]
      return uses == null || meets(uses, one.applied)
    })
    const broken = meeting.find((outcome) => outcome.kind === 'broken')
    if (broken !== undefined)
      return { shadow: 'confirmed', why: `${broken.failure.sqlstate}: ${broken.failure.message}` }
    if (leftOut > 0) return { shadow: 'open', why: `${leftOut} of its queries were not kept` }
    if (isUnread) return { shadow: 'open', why: 'one of its queries cannot be read' }
    if (meeting.length === 0) return { shadow: 'open', why: 'a function may meet it behind the queries' }
    const proof = provedBy(one)
    if (proof === 'nothing') return { shadow: 'open', why: 'it depends on rows and roles that are not here' }
    const untried = meeting.filter((outcome) => outcome.kind !== 'works' || (proof === 'running' && !outcome.isProved))
    if (untried.length === 0)
      return { shadow: 'overridden', why: `all ${meeting.length} queries that meet it work afterwards` }
    return {
      shadow: 'open',
      why: `${untried.length} of ${meeting.length} queries that meet it were not run with recorded parameters`,
    }
  }
}

function place({ rule, file, line, message }: FoundBreak): Pick<RuleOnShadow, 'rule' | 'path' | 'line' | 'message'> {
  return { rule, path: file.path, line, message }
}
