import { as } from '../sql/node.ts'
import { defineRule } from './define-rule.ts'
import { timeoutMs } from './timeouts.ts'

const MAX_MS = 3_600_000

export const disableStatementTimeout = defineRule({
  id: 'disable-statement-timeout',
  axes: ['L'],
  group: 'timeout',
  summary: 'A statement timeout of hours ends nothing in time.',
  why: 'A statement that holds a strong lock for an hour is an outage.',
  safeWay: 'Minutes at most; long work goes into a backfill.',
  examples: { bad: "SET statement_timeout = '2h'", good: "SET statement_timeout = '1min'" },
  onStatement: {
    VariableSetStmt: (node, { report }, applied) => {
      if (node.kind !== 'VAR_SET_VALUE' || node.name?.toLowerCase() !== 'statement_timeout') return
      const value = as(node.args?.[0], 'A_Const')
      const ms = timeoutMs(value?.sval?.sval ?? String(value?.ival?.ival ?? 0))
      if (ms !== null && ms >= MAX_MS)
        report(applied, { severity: 'warn', message: 'lets a statement hold its locks for an hour or more' })
    },
  },
})
