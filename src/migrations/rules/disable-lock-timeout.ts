import { as } from '../sql/node.ts'
import { defineRule } from './define-rule.ts'
import { timeoutMs } from './timeouts.ts'

const MAX_MS = 60_000

export const disableLockTimeout = defineRule({
  id: 'disable-lock-timeout',
  axes: ['L'],
  group: 'timeout',
  summary: 'A lock timeout of zero is none, and one of minutes is as bad.',
  why: '0 turns it off. During the wait everybody queues, so it may not be longer than users can wait.',
  safeWay: 'Seconds, and a repeat.',
  examples: { bad: 'SET lock_timeout = 0', good: "SET lock_timeout = '2s'" },
  onStatement: {
    VariableSetStmt: (node, { report }, applied) => {
      if (node.kind !== 'VAR_SET_VALUE' || node.name?.toLowerCase() !== 'lock_timeout') return
      const value = as(node.args?.[0], 'A_Const')
      const ms = timeoutMs(value?.sval?.sval ?? String(value?.ival?.ival ?? 0))
      if (ms === null || (ms > 0 && ms < MAX_MS)) return
      report(applied, {
        severity: 'warn',
        message: ms === 0 ? 'turns the lock timeout off' : 'lets everybody queue for a minute or more',
      })
    },
  },
})
