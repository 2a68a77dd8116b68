import { defineRule } from './define-rule.ts'
import { firstOfEachFile, locksTraffic } from './timeouts.ts'

export const missLockTimeout = defineRule({
  id: 'miss-lock-timeout',
  axes: ['L'],
  group: 'timeout',
  summary: 'While the lock is waited for, everybody queues behind it, for as long as it takes.',
  why: 'A strong lock that is not granted at once blocks all who come after it. One long query is enough, and nothing ends the wait. Backflip sets a lock timeout when it runs a migration; other runners do not.',
  safeWay: "SET lock_timeout = '2s' before it, and repeat the migration when it fails.",
  examples: {
    given: 'CREATE TABLE t (a int)',
    bad: 'ALTER TABLE t ADD COLUMN b int',
    good: "SET lock_timeout = '2s'; ALTER TABLE t ADD COLUMN b int",
  },
  atEnd(context) {
    const missing = firstOfEachFile(
      context.applied,
      (one) => one.statement.settings.lock_timeout === undefined && locksTraffic(one, context),
    )
    for (const one of missing) context.report(one, { severity: 'note', message: 'waits for its lock without a limit' })
  },
})
