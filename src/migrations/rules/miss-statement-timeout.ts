import { defineRule } from './define-rule.ts'
import { firstOfEachFile, isDdl } from './timeouts.ts'

export const missStatementTimeout = defineRule({
  id: 'miss-statement-timeout',
  axes: ['L'],
  group: 'timeout',
  summary: 'Nothing ends a statement that takes longer than thought.',
  why: 'A rewrite or scan that was expected to be short holds its lock until it is done.',
  safeWay: "SET statement_timeout = '30s' before it.",
  examples: {
    bad: 'ALTER TABLE t ADD COLUMN b int',
    good: "SET statement_timeout = '5s'; ALTER TABLE t ADD COLUMN b int",
  },
  atEnd({ applied, report }) {
    const missing = firstOfEachFile(
      applied,
      (one) => isDdl(one) && one.statement.settings.statement_timeout === undefined,
    )
    for (const one of missing) report(one, { severity: 'note', message: 'runs without a limit of time' })
  },
})
