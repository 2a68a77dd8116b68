import { defineRule } from './define-rule.ts'

export const refreshConcurrently = defineRule({
  id: 'refresh-concurrently',
  axes: ['L'],
  group: 'core',
  summary: 'The view is computed anew while readers go on.',
  why: 'It takes Exclusive: reads go on, other refreshes wait. It needs a unique index on the view.',
  safeWay: 'This is the safe way.',
  examples: {
    given: 'CREATE TABLE t (a int); CREATE MATERIALIZED VIEW mv AS SELECT a FROM t',
    bad: 'REFRESH MATERIALIZED VIEW CONCURRENTLY mv',
    good: 'REFRESH MATERIALIZED VIEW mv',
  },
  onStatement: {
    RefreshMatViewStmt: (node, { report }, applied) => {
      if (node.concurrent !== true) return
      const relation = [...applied.locks].find(([, mode]) => mode === 'Exclusive')?.[0]
      report(applied, {
        severity: 'note',
        message: `readers of ${node.relation?.relname ?? 'the view'} go on`,
        ...(relation === undefined ? {} : { relation }),
      })
    },
  },
})
