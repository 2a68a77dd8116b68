import { isReindexConcurrent } from '../replay/upkeep.ts'
import { defineRule } from './define-rule.ts'

export const reindexTable = defineRule({
  id: 'reindex-table',
  axes: ['L'],
  group: 'core',
  summary: 'Writers wait, and so does everybody who uses the index.',
  why: 'REINDEX takes Share on the table and AccessExclusive on each index until it is rebuilt: planning alone needs the index, so reads stop too.',
  safeWay: 'REINDEX … CONCURRENTLY.',
  examples: { bad: 'REINDEX TABLE users', good: 'REINDEX TABLE CONCURRENTLY users' },
  onStatement: {
    ReindexStmt: (node, { report }, applied) => {
      // Of the system catalogs there is no concurrent form.
      if (isReindexConcurrent(node) || node.kind === 'REINDEX_OBJECT_SYSTEM') return
      const relation = [...applied.locks].find(([, mode]) => mode === 'Share')?.[0]
      const what = node.relation?.relname ?? node.name ?? 'everything'
      report(applied, {
        message: `rebuilds ${what} while writers, and readers through its indexes, wait`,
        ...(relation === undefined ? {} : { relation }),
      })
    },
  },
})
