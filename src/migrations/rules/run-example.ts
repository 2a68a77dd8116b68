import { lintFiles } from '../lint/lint.ts'
import type { ReportedFinding } from '../lint/report.ts'
import type { SqlParser } from '../sql/parser.ts'
import type { Rule } from './define-rule.ts'
import { RULES } from './index.ts'
import { ruleTable } from './judge.ts'

const ALL = ruleTable(RULES)

/** What every rule says about one of a rule's examples: its tests and its page are made of this. */
export function runExample(parser: SqlParser, { examples }: Rule, which: 'bad' | 'good'): readonly ReportedFinding[] {
  const { given, transaction = 'unknown', major = 18 } = examples
  const file = (name: string, text: string, isPending: boolean) => ({
    path: `${name}.sql`,
    name,
    text,
    visible: text,
    transaction,
    isPending,
  })
  const history = given === undefined ? [] : [file('given', given, false)]
  const settings = {
    server: { major, timeZone: 'UTC' },
    rules: ALL,
    deploys: 'together',
    world: 'open',
    today: '2026-11-25',
  } as const
  return lintFiles(parser, [...history, file('example', examples[which], true)], settings).files[0]?.findings ?? []
}
