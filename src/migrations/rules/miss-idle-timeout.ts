import { defineRule } from './define-rule.ts'
import { firstOfEachFile, isDdl } from './timeouts.ts'

export const missIdleTimeout = defineRule({
  id: 'miss-idle-timeout',
  axes: ['L'],
  group: 'style',
  summary: 'A runner that hangs keeps its locks.',
  why: 'When the client stops between two statements of a transaction, only idle_in_transaction_session_timeout ends it.',
  safeWay: "SET idle_in_transaction_session_timeout = '10s' before it.",
  examples: {
    bad: 'ALTER TABLE t ADD COLUMN b int',
    good: "SET idle_in_transaction_session_timeout = '10s'; ALTER TABLE t ADD COLUMN b int",
  },
  atEnd({ applied, report }) {
    const missing = firstOfEachFile(
      applied,
      (one) => isDdl(one) && one.statement.settings.idle_in_transaction_session_timeout === undefined,
    )
    for (const one of missing)
      report(one, { severity: 'note', message: 'an idle transaction keeps its locks without a limit' })
  },
})
