import { defineRule } from './define-rule.ts'

export const refreshView = defineRule({
  id: 'refresh-view',
  axes: ['L'],
  group: 'core',
  summary: 'Nobody can read the view until it is computed anew.',
  why: 'REFRESH MATERIALIZED VIEW takes AccessExclusive for as long as its query runs; WITH NO DATA leaves it unreadable altogether.',
  safeWay: 'REFRESH MATERIALIZED VIEW CONCURRENTLY, with a unique index on the view.',
  examples: {
    given: 'CREATE TABLE t (a int); CREATE MATERIALIZED VIEW mv AS SELECT a FROM t',
    bad: 'REFRESH MATERIALIZED VIEW mv',
    good: 'REFRESH MATERIALIZED VIEW CONCURRENTLY mv',
  },
  onStatement: {
    RefreshMatViewStmt: (node, { report }, applied) => {
      if (node.concurrent === true) return
      const relation = [...applied.locks].find(([, mode]) => mode === 'AccessExclusive')?.[0]
      report(applied, {
        message: `nobody reads ${node.relation?.relname ?? 'the view'} until it is computed`,
        ...(relation === undefined ? {} : { relation }),
      })
    },
  },
})
