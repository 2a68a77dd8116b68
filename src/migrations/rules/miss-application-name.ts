import { defineRule } from './define-rule.ts'
import { firstOfEachFile, isDdl } from './timeouts.ts'

export const missApplicationName = defineRule({
  id: 'miss-application-name',
  axes: ['L'],
  group: 'style',
  summary: 'In pg_stat_activity nobody sees that this session is the migration.',
  why: 'Whoever looks for what holds a lock finds a session without a name.',
  safeWay: "SET application_name = 'migrate' first.",
  examples: {
    bad: 'ALTER TABLE t ADD COLUMN b int',
    good: "SET application_name = 'migrate'; ALTER TABLE t ADD COLUMN b int",
  },
  atEnd({ applied, report }) {
    const missing = firstOfEachFile(
      applied,
      (one) => isDdl(one) && one.statement.settings.application_name === undefined,
    )
    for (const one of missing) report(one, { severity: 'note', message: 'the session has no name' })
  },
})
