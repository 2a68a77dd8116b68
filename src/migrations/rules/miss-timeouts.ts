import { defineRule } from './define-rule.ts'
import { firstOfEachFile, isDdl } from './timeouts.ts'

export const missTimeouts = defineRule({
  id: 'miss-timeouts',
  axes: ['L'],
  group: 'style',
  summary: 'A schema change of any kind without both timeouts.',
  why: 'For teams that want lock_timeout and statement_timeout in every file, also where no strong lock is taken.',
  safeWay: "SET lock_timeout = '2s' and SET statement_timeout = '30s' first.",
  examples: {
    bad: "CREATE TYPE mood AS ENUM ('sad')",
    good: "SET lock_timeout = '2s'; SET statement_timeout = '5s'; CREATE TYPE mood AS ENUM ('sad')",
  },
  atEnd({ applied, report }) {
    const missing = firstOfEachFile(applied, (one) => {
      const { lock_timeout: lock, statement_timeout: statement } = one.statement.settings
      return isDdl(one) && (lock === undefined || statement === undefined)
    })
    for (const one of missing)
      report(one, { severity: 'note', message: 'lock_timeout and statement_timeout are not both set' })
  },
})
