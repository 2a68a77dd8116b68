import { usageError } from '../../domain/errors.ts'
import { quote } from '../../domain/ids.ts'
import { suggest } from '../../lib/suggest.ts'
import type { Rule, RuleGroup } from '../../migrations/rules/define-rule.ts'
import { RULES } from '../../migrations/rules/index.ts'

const GROUPS: readonly RuleGroup[] = ['core', 'timeout', 'style']

/** `style,-drop-default`: groups and rules to add to what is on, or with `-` to leave out; `all` is every group. */
export function chooseRules(list: string): readonly Rule[] {
  const chosen = new Set(RULES.filter(({ group }) => group !== 'style'))
  for (const part of list.split(',').map((one) => one.trim())) {
    if (part === '') continue
    const isOut = part.startsWith('-')
    for (const rule of named(isOut ? part.slice(1) : part.replace(/^\+/, ''))) {
      if (isOut) chosen.delete(rule)
      else chosen.add(rule)
    }
  }
  return RULES.filter((rule) => chosen.has(rule))
}

function named(name: string): readonly Rule[] {
  if (name === 'all') return RULES
  const group = GROUPS.find((one) => one === name)
  const found = RULES.filter((rule) => rule.group === group || rule.id === name)
  if (found.length > 0) return found
  const near = suggest(name, [...GROUPS, ...RULES.map(({ id }) => id)])
  throw usageError(`there is no rule ${quote(name)}`, {
    code: 'unknown-rule',
    place: { flag: '--rules' },
    hint: near === null ? 'backflip migrations lint --explain all' : `backflip migrations lint --rules ${near}`,
  })
}
