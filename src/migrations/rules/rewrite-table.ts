import type { Applied } from '../replay/changes.ts'
import { isVacuumFull } from '../replay/upkeep.ts'
import { defineRule, type RuleContext } from './define-rule.ts'

export const rewriteTable = defineRule({
  id: 'rewrite-table',
  axes: ['L'],
  group: 'core',
  summary: 'The whole table is written anew while nobody can read it.',
  why: 'VACUUM FULL and CLUSTER copy every row and build every index again under AccessExclusive.',
  safeWay: 'pg_repack, or plain VACUUM; from PostgreSQL 19 REPACK CONCURRENTLY.',
  examples: { bad: 'VACUUM FULL orders', good: 'VACUUM orders' },
  onStatement: {
    VacuumStmt: (node, context, applied) => {
      if (isVacuumFull(node)) say(context, applied, 'VACUUM FULL')
    },
    ClusterStmt: (_node, context, applied) => say(context, applied, 'CLUSTER'),
  },
})

function say({ report }: RuleContext, applied: Applied, what: string): void {
  const relation = [...applied.rewrites][0]
  report(applied, { message: `${what} writes the whole table anew`, ...(relation === undefined ? {} : { relation }) })
}
