import { usageError } from '../../../domain/errors.ts'
import { quote } from '../../../domain/ids.ts'
import { suggest } from '../../../lib/suggest.ts'
import type { Rule } from '../../../migrations/rules/define-rule.ts'
import { RULES, RULES_BY_ID } from '../../../migrations/rules/index.ts'

/** What a rule is about, for a terminal; `all` lists every rule in a line. */
export function explainRule(id: string): string {
  if (id === 'all')
    return RULES.map(
      ({ id: name, axes, group, summary }) =>
        `${name.padEnd(34)} ${axes.join('').padEnd(3)} ${group.padEnd(8)} ${summary}\n`,
    ).join('')
  const rule = RULES_BY_ID.get(id)
  if (rule !== undefined) return explain(rule)
  const near = suggest(
    id,
    RULES.map(({ id: name }) => name),
  )
  throw usageError(`there is no rule ${quote(id)}`, {
    code: 'unknown-rule',
    place: { flag: '--explain' },
    hint: `backflip migrations lint --explain ${near ?? 'all'}`,
  })
}

function explain({ id, axes, group, summary, why, fails, safeWay, examples }: Rule): string {
  const indented = (sql: string) =>
    sql
      .split('\n')
      .map((line) => `    ${line}`)
      .join('\n')
  return [
    `${id} (${axes.join(', ')}, ${group})`,
    '',
    summary,
    '',
    why,
    ...(fails === undefined ? [] : ['', `What fails: ${fails.join(', ')}`]),
    '',
    `The safe way: ${safeWay}`,
    ...(examples.given === undefined ? [] : ['', 'Given', indented(examples.given)]),
    '',
    'Not allowed',
    indented(examples.bad),
    '',
    'Allowed',
    indented(examples.good),
    '',
  ].join('\n')
}
