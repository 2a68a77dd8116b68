import { as } from '../sql/node.ts'
import { defineRule } from './define-rule.ts'
import { locksTraffic } from './timeouts.ts'

export const setLockTimeoutLate = defineRule({
  id: 'set-lock-timeout-late',
  axes: ['L'],
  group: 'timeout',
  summary: 'The lock timeout is set after the statement that needed it.',
  why: 'It holds for what comes after. The statement before it has waited without a limit already.',
  safeWay: 'Set it first.',
  examples: {
    given: 'CREATE TABLE t (a int)',
    bad: "ALTER TABLE t ADD COLUMN b int; SET lock_timeout = '2s'",
    good: "SET lock_timeout = '2s'; ALTER TABLE t ADD COLUMN b int",
  },
  atEnd(context) {
    const waited = new Set<number>()
    for (const one of context.applied) {
      const { file, node, settings } = one.statement
      if (settings.lock_timeout === undefined && locksTraffic(one, context)) waited.add(file)
      const set = as(node, 'VariableSetStmt')
      const isSet = set?.kind === 'VAR_SET_VALUE' && set.name?.toLowerCase() === 'lock_timeout'
      if (isSet && waited.has(file))
        context.report(one, { severity: 'warn', message: 'comes after a statement that took its lock without it' })
    }
  },
})
