import type { ReportedFinding } from '../../../migrations/lint/report.ts'
import type { StatementEffect } from '../../../ports/shadow.ts'
import type { RuleOnShadow } from './report.ts'

/** Modes that keep writers, or readers too, away. */
const BLOCKING = ['Share', 'ShareRowExclusive', 'Exclusive', 'AccessExclusive']

export interface Measured {
  /** Made-up rows by table. */
  readonly rows: ReadonlyMap<string, number>
  /** Lines that somebody allowed, with a reason in the file. */
  readonly allowed: ReadonlySet<number>
}

/** What the rules say about locks beside what was measured, and what was measured and no rule says. */
export function weighLocks(
  path: string,
  findings: readonly ReportedFinding[],
  effects: readonly StatementEffect[],
  { rows, allowed }: Measured,
): readonly RuleOnShadow[] {
  const byLine = new Map(effects.map((one) => [one.line, one]))
  const said = findings.map((one) => ({
    rule: one.rule,
    path,
    line: one.line,
    message: one.message,
    ...weigh(one, byLine.get(one.line), rows),
  }))
  const lines = new Set([...allowed, ...findings.map(({ line }) => line)])
  const unsaid = effects.flatMap((effect) => {
    const long = longLock(effect)
    return lines.has(effect.line) || long === null
      ? []
      : [
          {
            rule: 'measured',
            path,
            line: effect.line,
            message: long,
            shadow: 'confirmed' as const,
            why: 'no rule saw it',
          },
        ]
  })
  return [...said, ...unsaid]
}

function weigh(
  { rewrite }: ReportedFinding,
  effect: StatementEffect | undefined,
  rows: ReadonlyMap<string, number>,
): Pick<RuleOnShadow, 'shadow' | 'why'> {
  if (effect === undefined || !effect.isSeen) return { shadow: 'open', why: 'its locks cannot be seen from outside' }
  const long = longLock(effect)
  if (long !== null) return { shadow: 'confirmed', why: long }
  const locked = effect.locks.filter(({ mode }) => BLOCKING.includes(mode))
  const isSeeded =
    locked.length > 0 && locked.every(({ relation }) => !rows.has(relation) || (rows.get(relation) ?? 0) > 0)
  // Only what the rule is about was looked for: a rewrite, on tables that have rows.
  if (rewrite === true && isSeeded)
    return {
      shadow: 'overridden',
      why: `measured with ${Math.max(0, ...rows.values())} rows: nothing is rewritten and nothing read`,
    }
  return { shadow: 'open', why: 'the rule is about more than a rewrite or a scan' }
}

/** A lock that keeps others away for as long as a table is large. */
function longLock({ locks, rewrites, scans }: StatementEffect): string | null {
  const held = new Map(
    locks.filter(({ mode }) => BLOCKING.includes(mode)).map(({ relation, mode }) => [relation, mode]),
  )
  const rewritten = rewrites.find((relation) => held.has(relation))
  if (rewritten !== undefined) return `rewrites ${rewritten} under ${held.get(rewritten) ?? ''}`
  const scanned = scans.find(({ relation }) => held.has(relation))
  return scanned === undefined ? null : `reads all of ${scanned.relation} under ${held.get(scanned.relation) ?? ''}`
}
