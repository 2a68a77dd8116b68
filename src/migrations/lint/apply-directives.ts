import { suggest } from '../../lib/suggest.ts'
import { RULES_BY_ID } from '../rules/index.ts'
import type { Finding } from '../rules/judge.ts'
import type { Directive } from './directives.ts'

/** What a directive itself gets wrong. */
export interface DirectiveProblem {
  readonly rule: 'give-reason' | 'name-rule' | 'renew-allow' | 'remove-allow' | 'name-contract'
  readonly severity: 'block' | 'warn'
  readonly at: number
  readonly message: string
}

export interface DirectiveFacts {
  /** `2026-11-25`; an allow holds through its last day. */
  readonly today: string
  /** Names of the migrations before the deploy; null when none is known. */
  readonly earlier: ReadonlySet<string> | null
}

/** Turns findings that are allowed, or declared as a contract, into notes, and says what is wrong with the directives. */
export function applyDirectives(
  findings: readonly Finding[],
  directives: readonly Directive[],
  facts: DirectiveFacts,
): { readonly findings: readonly Finding[]; readonly problems: readonly DirectiveProblem[] } {
  const problems: DirectiveProblem[] = []
  const good = directives.filter((one) => {
    const problem = problemOf(one, facts)
    if (problem !== null) problems.push(problem)
    return problem === null
  })
  const used = new Set<Directive>()
  const judged = findings.map((finding) => {
    const directive = good.find((one) => isAbout(one, finding))
    if (directive === undefined) return finding
    used.add(directive)
    const said =
      directive.kind === 'allow'
        ? `allowed: ${directive.fields.reason}`
        : `declared as the contract of ${directive.fields.of}`
    return { ...finding, severity: 'note' as const, message: `${finding.message} (${said})` }
  })
  for (const one of good) {
    if (one.kind !== 'allow' || used.has(one)) continue
    problems.push({ rule: 'remove-allow', severity: 'warn', at: one.at, message: `${one.rule} finds nothing here` })
  }
  return { findings: judged, problems }
}

function isAbout(directive: Directive, { rule, axis, severity, applied }: Finding): boolean {
  if (severity === 'note' || directive.statement === null) return false
  const { outerStart } = applied.statement
  if (outerStart !== directive.statement) return false
  return directive.kind === 'contract' ? axis === 'N' : rule === directive.rule
}

const DAY = /^\d{4}-\d{2}-\d{2}$/

function problemOf({ kind, at, rule, fields }: Directive, { today, earlier }: DirectiveFacts): DirectiveProblem | null {
  const block = (id: DirectiveProblem['rule'], message: string): DirectiveProblem => ({
    rule: id,
    severity: 'block',
    at,
    message,
  })
  if (kind === 'contract') {
    if (fields.of === undefined || fields.of === '')
      return block('name-contract', 'a contract names the migration that stopped using it: of=NAME')
    if (earlier !== null && !earlier.has(fields.of))
      return block('name-contract', `${fields.of} is no migration before this deploy`)
    return null
  }
  if (!RULES_BY_ID.has(rule)) {
    const near = suggest(rule, [...RULES_BY_ID.keys()])
    return block('name-rule', `there is no rule ${JSON.stringify(rule)}${near === null ? '' : `; ${near}?`}`)
  }
  if ((fields.reason ?? '').trim() === '')
    return block('give-reason', `${rule} is allowed without a reason: reason="…"`)
  if (fields.expires === undefined) return null
  if (!DAY.test(fields.expires)) return block('renew-allow', `expires=${fields.expires} is no day, as in 2026-12-31`)
  return fields.expires < today ? block('renew-allow', `${rule} was allowed until ${fields.expires}`) : null
}
